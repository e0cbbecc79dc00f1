"""A short document of headings, paragraphs, tables and pictures, as Markdown and as one HTML file.

Paragraphs are plain text: what stands between backticks is set as code, and nothing else is markup.
"""

import base64
import html
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final


@dataclass(frozen=True, slots=True)
class Heading:
    """The title of a section."""

    text: str


@dataclass(frozen=True, slots=True)
class Paragraph:
    """One or more sentences."""

    text: str


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of text under their columns; numbers are told by their first sign and set right."""

    columns: Sequence[str]
    rows: Sequence[Sequence[str]]


@dataclass(frozen=True, slots=True)
class Picture:
    """A PNG file that lies beside the document, with what it shows in words."""

    path: Path
    caption: str


Part = Heading | Paragraph | Table | Picture

_CODE: Final = re.compile(r"`([^`]+)`")
_AMOUNT: Final = re.compile(r"[+-]?[\d,.]+( %)?$")

_PAGE: Final = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>
body {{ font: 15px/1.5 system-ui, sans-serif; color: #22303c; max-width: 60rem;
  margin: 2rem auto; padding: 0 1rem; }}
h1 {{ font-size: 1.6rem; }}
h2 {{ font-size: 1.15rem; margin-top: 2rem; border-bottom: 1px solid #d5dbe1; }}
table {{ border-collapse: collapse; margin: 1rem 0; font-size: 0.9rem; }}
th, td {{ padding: 0.25rem 0.7rem; border-bottom: 1px solid #e4e8ec; text-align: left; }}
td.amount {{ text-align: right; white-space: nowrap; font-variant-numeric: tabular-nums; }}
code {{ background: #f1f3f5; padding: 0 0.25rem; }}
figure {{ margin: 1.2rem 0; }}
img {{ max-width: 100%; height: auto; }}
figcaption {{ color: #5b6874; font-size: 0.9rem; }}
</style>
</head>
<body>
{body}
</body>
</html>
"""


@dataclass(frozen=True, slots=True)
class Document:
    """A title and the parts below it."""

    title: str
    parts: Sequence[Part]

    def markdown(self, *, pictures: bool = True) -> str:
        """Return the document in Markdown; pictures are linked by their file's name.

        Args:
            pictures: Without them, for places that show text only.
        """
        parts = [
            _markdown(part) for part in self.parts if pictures or not isinstance(part, Picture)
        ]
        return "\n\n".join([f"# {self.title}", *parts]) + "\n"

    def html(self) -> str:
        """Return the document as one HTML file that holds its pictures."""
        body = "\n".join([f"<h1>{html.escape(self.title)}</h1>", *map(_html, self.parts)])
        return _PAGE.format(title=html.escape(self.title), body=body)


def _markdown(part: Part) -> str:
    match part:
        case Heading(text):
            return f"## {text}"
        case Paragraph(text):
            return text
        case Table(columns, rows):
            rules = ["---:" if _is_amount(rows, place) else "---" for place in range(len(columns))]
            return "\n".join(
                f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in row)} |"
                for row in (columns, rules, *rows)
            )
        case Picture(path, caption):
            return f"![{caption}]({path.name})"


def _html(part: Part) -> str:
    match part:
        case Heading(text):
            return f"<h2>{html.escape(text)}</h2>"
        case Paragraph(text):
            set_as_code = _CODE.sub(r"<code>\1</code>", html.escape(text, quote=False))
            return f"<p>{set_as_code}</p>"
        case Table(columns, rows):
            amounts = [_is_amount(rows, place) for place in range(len(columns))]
            head = "".join(f"<th>{html.escape(column)}</th>" for column in columns)
            lines = "\n".join(
                "<tr>"
                + "".join(
                    f'<td class="amount">{html.escape(cell)}</td>'
                    if amount
                    else f"<td>{html.escape(cell)}</td>"
                    for cell, amount in zip(row, amounts, strict=True)
                )
                + "</tr>"
                for row in rows
            )
            return f"<table><thead><tr>{head}</tr></thead>\n<tbody>{lines}</tbody></table>"
        case Picture(path, caption):
            image = base64.b64encode(path.read_bytes()).decode()
            text = html.escape(caption)
            return (
                f'<figure><img src="data:image/png;base64,{image}" alt="{text}">'
                f"<figcaption>{text}</figcaption></figure>"
            )


def _is_amount(rows: Sequence[Sequence[str]], place: int) -> bool:
    return bool(rows) and all(_AMOUNT.match(row[place]) for row in rows if row[place])
