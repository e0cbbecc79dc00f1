"""The project's pages: their links lead somewhere, versions and decisions are told."""

import re
import tomllib
from pathlib import Path

import pytest

from warehouse.connection.settings import PROJECT_ROOT

PAGES = sorted(
    path.relative_to(PROJECT_ROOT)
    for pattern in ("*.md", "docs/**/*.md", "*/README.md", ".github/**/*.md")
    for path in PROJECT_ROOT.glob(pattern)
)
DECISIONS = sorted((PROJECT_ROOT / "docs" / "decisions").glob("[0-9]*.md"))


def anchor_of(heading: str) -> str:
    """The anchor that GitHub gives a heading."""
    return re.sub(r"[^\w -]", "", heading.strip().lower()).replace(" ", "-")


def anchors(page: Path) -> set[str]:
    return {anchor_of(found) for found in re.findall(r"^#+ (.+)$", page.read_text("utf-8"), re.M)}


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_every_link_within_the_project_leads_somewhere(page: Path) -> None:
    path = PROJECT_ROOT / page
    dead = []
    for target in re.findall(r"\]\(([^)\s]+)\)", path.read_text("utf-8")):
        if re.match(r"[a-z]+:", target):
            continue
        name, _, anchor = target.partition("#")
        there = path if not name else path.parent / name
        if not there.exists() or (anchor and anchor not in anchors(there)):
            dead.append(target)
    assert dead == []


def test_the_version_has_its_heading_in_the_changelog() -> None:
    project = tomllib.loads((PROJECT_ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    headings = re.findall(r"^## (.+)$", (PROJECT_ROOT / "CHANGELOG.md").read_text("utf-8"), re.M)
    assert headings[0] == "[Unreleased]"
    assert re.fullmatch(rf"\[{re.escape(project['version'])}\] - \d{{4}}-\d\d-\d\d", headings[1])


def test_the_declared_licence_is_there_in_full() -> None:
    project = tomllib.loads((PROJECT_ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    assert project["license"] == "Apache-2.0"
    texts = [(PROJECT_ROOT / name).read_text("utf-8") for name in project["license-files"]]
    assert "TERMS AND CONDITIONS FOR USE, REPRODUCTION, AND DISTRIBUTION" in texts[0]
    assert "CC BY-SA" in texts[1] or "Attribution-ShareAlike 4.0" in texts[1]


@pytest.mark.parametrize("page", DECISIONS, ids=lambda page: page.stem)
def test_a_decision_tells_date_status_and_figure_and_stands_in_the_index(page: Path) -> None:
    lines = page.read_text("utf-8").splitlines()
    assert lines[0].startswith(f"# {page.name[:4]} ")
    assert re.match(r"Date: \d{4}-\d\d-\d\d · Status: (accepted|replaced by \d{4})", lines[1])
    assert [line for line in lines if line.startswith("## ")] == [
        "## Question", "## Options", "## Figure", "## Decision",
    ]  # fmt: skip
    index = (PROJECT_ROOT / "docs" / "architecture.md").read_text("utf-8")
    assert f"(decisions/{page.name})" in index


def test_decisions_are_numbered_without_gaps() -> None:
    assert [int(page.name[:4]) for page in DECISIONS] == list(range(1, len(DECISIONS) + 1))
    assert DECISIONS
