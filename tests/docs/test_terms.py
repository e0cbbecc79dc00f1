"""The page of terms has every word that the dbt project documents, once."""

import re
from fnmatch import fnmatch

from warehouse.connection.settings import PROJECT_ROOT

PAGE = (PROJECT_ROOT / "docs" / "terms.md").read_text("utf-8")
ROWS = re.findall(r"^\| (?!term |---)(?P<term>[^|]+) \| (?P<meaning>[^|]+) \|$", PAGE, re.MULTILINE)


def documented() -> list[str]:
    blocks = (PROJECT_ROOT / "dbt_project" / "models").rglob("*.md")
    return [
        word
        for path in blocks
        for word in re.findall(r"{%-? docs (\w+) -?%}", path.read_text("utf-8"))
    ]


def test_every_documented_column_belongs_to_a_term() -> None:
    words = documented()
    assert len(words) >= 20
    named = {word for _, meaning in ROWS for word in re.findall(r"`(\w+\*?)`", meaning)}
    assert [word for word in words if not any(fnmatch(word, name) for name in named)] == []


def test_a_term_stands_once_and_says_in_one_line_what_it_is() -> None:
    terms = [term.strip() for names, _ in ROWS for term in names.split(",")]
    assert len(terms) >= 50
    assert sorted({term for term in terms if terms.count(term) > 1}) == []
