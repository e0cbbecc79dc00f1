"""What the service asks, by the rules of Citus: rows stay with their chip."""

import ast
import re
from collections.abc import Iterator

from tests.dbt_project.on_citus.rules import closing
from warehouse.connection.settings import PROJECT_ROOT

SELECT = re.compile(r"\bselect\b.*\bfrom\b", re.DOTALL)


def queries() -> Iterator[str]:
    """SQL within the code of what the service reads."""
    for path in sorted((PROJECT_ROOT / "serving").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            text = node.value if isinstance(node, ast.Constant) else None
            if isinstance(text, str) and SELECT.search(text) and "\n" in text:
                yield text


def lateral_joins() -> list[str]:
    return [
        text[match.end() : closing(text, match.end())]
        for text in queries()
        for match in re.finditer(r"\blateral\s*\(", text)
    ]


def test_no_limit_is_asked_for_each_row_of_a_join() -> None:
    assert lateral_joins()
    assert not [body for body in lateral_joins() if re.search(r"\blimit\b", body)]


def test_what_is_summed_up_for_each_row_of_a_join_is_grouped_by_its_chip() -> None:
    summed = [body for body in lateral_joins() if re.search(r"\b(min|max|count|sum)\(", body)]
    assert summed
    assert not [body for body in summed if not re.search(r"group by \w*\.?chip_key", body)]
