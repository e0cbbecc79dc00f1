"""Tables as a page of HTML that needs no script, for screens of any width, light or dark."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from html import escape
from typing import Any, Final

from serving.status.questions import MONTHS, SHARES, Question

Rows = Sequence[tuple[Any, ...]]

_STYLE: Final = """
:root { color-scheme: light dark; --line: #c9d1d8; --quiet: #55606a; --link: #1f629f; }
@media (prefers-color-scheme: dark) {
  :root { --line: #3f4a52; --quiet: #a9b4bd; --link: #92c3e6; }
}
body { font: 15px/1.45 system-ui, sans-serif; max-width: 1000px; margin: 0 auto; padding: 0 14px; }
a { color: var(--link); }
h1 { font-size: 22px; } h2 { font-size: 17px; margin: 26px 0 0; }
p { margin: 2px 0 6px; color: var(--quiet); }
.scrolls { overflow-x: auto; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { padding: 4px 14px 4px 0; text-align: right; border-bottom: 1px solid var(--line); }
th:first-child, td:first-child { text-align: left; }
"""


def page_of(tables: Sequence[tuple[Question, Rows, str | None]], *, now: datetime) -> str:
    """Return the page.

    Args:
        tables: Each question with its rows, and why there are none where it failed.
        now: When it was asked.
    """
    parts = [_part(question, rows, failure) for question, rows, failure in tables]
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Building growth: status</title>
<link rel="icon" href="data:,">
<style>{_STYLE}</style>
</head>
<body>
<header><h1>Status</h1><nav><a href=".">Map</a> · <a href="docs">API</a></nav></header>
<main>
<p>As of {now:%Y-%m-%d %H:%M:%S} UTC; reload to ask again.</p>
{"".join(parts)}</main>
</body>
</html>
"""


def _part(question: Question, rows: Rows, failure: str | None) -> str:
    head = f"<h2>{escape(question.title)}</h2>\n<p>{escape(question.about)}</p>\n"
    if not rows:
        said = escape(failure or question.nothing)
        return f"<section>\n{head}<p><strong>{said}</strong></p>\n</section>\n"
    columns = "".join(f'<th scope="col">{escape(name)}</th>' for name in question.columns)
    lines = "".join(f"<tr>{_cells(question.columns, row)}</tr>\n" for row in rows)
    return (
        f'<section>\n{head}<div class="scrolls" tabindex="0" role="region" '
        f'aria-label="{escape(question.title)}"><table>\n<thead><tr>{columns}</tr></thead>\n'
        f"<tbody>\n{lines}</tbody>\n</table></div>\n</section>\n"
    )


def _cells(columns: Sequence[str], row: tuple[Any, ...]) -> str:
    pairs = zip(columns, row, strict=True)
    return "".join(f"<td>{escape(_words(name, value))}</td>" for name, value in pairs)


def _words(column: str, value: object) -> str:
    if value is None:
        return "unknown"
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M}"
    if isinstance(value, int | float | Decimal):
        return _number(column, value)
    return str(value).replace("_", " ") if column in {"Of", "Judged on"} else str(value)


def _number(column: str, value: float | Decimal) -> str:
    if column in MONTHS:
        year, month = divmod(int(value), 100)
        return f"{year}-{month:02}"
    if column in SHARES:
        return f"{float(value):.0%}"
    if isinstance(value, int) or value == value.__trunc__() or abs(value) >= 1000:  # type: ignore[operator]
        return f"{int(value):,}"
    return f"{float(value):,.2f}"
