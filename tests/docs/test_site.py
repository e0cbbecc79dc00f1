"""The site is built offline and strictly, and has what it promises."""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from docs.site.__main__ import SiteError, build, write_reference
from docs.site.catalogue import Table, read_tables
from docs.site.diagram import entity_diagram
from docs.site.tree import copy_pages
from orchestration.dbt.project import manifest
from warehouse.connection.settings import PROJECT_ROOT


@pytest.fixture(scope="module")
def tables() -> list[Table]:
    return read_tables(manifest())


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tree")
    copy_pages(folder)
    (folder / "dbt").mkdir()
    (folder / "dbt" / "index.html").write_text("<p>dbt</p>")
    write_reference(folder, manifest())
    return folder


@pytest.fixture(scope="module")
def site(tree: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    build(tree, folder)
    return folder


def pages(site: Path) -> Iterator[tuple[Path, str]]:
    for path in site.rglob("*.html"):
        yield path.relative_to(site), path.read_text("utf-8")


def test_nothing_of_the_site_is_fetched_from_elsewhere(site: Path) -> None:
    fetched = [
        (str(path), found)
        for path, text in pages(site)
        for found in re.findall(r'<(?:script|link|img)[^>]+(?:src|href)="(https?:[^"]+)"', text)
    ]
    assert fetched == []


def test_search_finds_a_raw_column(site: Path) -> None:
    index = json.loads((site / "search" / "search_index.json").read_text("utf-8"))
    found = [entry["location"] for entry in index["docs"] if "content_sha256" in entry["text"]]
    assert any(location.startswith("dictionary/raw.html") for location in found)


def test_each_of_the_four_has_a_way_in(site: Path) -> None:
    home = (site / "index.html").read_text("utf-8")
    for page in ("data-engineer", "analyst", "ml-engineer", "application-developer"):
        assert f'href="tutorials/{page}.html"' in home
        assert (site / "tutorials" / f"{page}.html").is_file()
    assert (site / "dbt" / "index.html").read_text("utf-8") == "<p>dbt</p>"


def test_every_page_of_the_docs_is_in_the_navigation() -> None:
    def named(entries: list[Any]) -> Iterator[str]:
        for entry in entries:
            for value in entry.values() if isinstance(entry, dict) else [entry]:
                yield from named(value) if isinstance(value, list) else [str(value)]

    text = (PROJECT_ROOT / "docs" / "site" / "mkdocs.yml").read_text("utf-8")
    nav = set(named(yaml.safe_load(text.replace("!ENV ", ""))["nav"]))
    docs = PROJECT_ROOT / "docs"
    written = {path.relative_to(docs).as_posix() for path in docs.rglob("*.md")}
    assert {page for page in written - nav if not re.match(r"decisions/\d", page)} == set()


def test_the_dictionary_has_every_column_with_its_meaning(tables: list[Table], tree: Path) -> None:
    raw = [table for table in tables if table.schema == "raw"]
    assert len(raw) >= 8
    for table in tables:
        page = (tree / "dictionary" / f"{table.schema}.md").read_text("utf-8")
        for column in table.columns:
            assert column.meaning, f"{table.name}.{column.name}"
            assert f"| `{column.name}` |" in page


def test_the_diagram_has_every_key_and_where_it_leads(tables: list[Table], tree: Path) -> None:
    drawn = entity_diagram(tables)
    for table in tables:
        if table.schema in {"marts", "features"} and table.key:
            assert f">{table.schema}.{table.name}<" in drawn
            for reference in table.references:
                assert f"<title>{table.name} → {reference.table}</title>" in drawn
    assert (tree / "images" / "entities.svg").read_text("utf-8").strip() == drawn.strip()


def test_a_link_that_leads_nowhere_stops_the_build(tree: Path, tmp_path: Path) -> None:
    page = tree / "terms.md"
    before = page.read_text("utf-8")
    page.write_text(before + "\n[gone](nowhere.md)\n", encoding="utf-8")
    try:
        with pytest.raises(SiteError, match=r"nowhere\.md"):
            build(tree, tmp_path / "site")
    finally:
        page.write_text(before, encoding="utf-8")


def test_links_of_pages_lead_to_where_the_pages_lie_in_the_site(tmp_path: Path) -> None:
    root = tmp_path / "project"
    for name, text in {
        "README.md": "[data](docs/data.md#forms) ![flow](docs/images/flow.svg) [code](ml/a.py)",
        "ml/README.md": "[up](../README.md) [same](../docs/data.md)\n```sh\n[kept](../x.md)\n```\n",
        "docs/data.md": "[ml](../ml/README.md) [folder](../ml) [out](https://example.org)",
        "docs/images/flow.svg": "<svg/>",
    }.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    for name in ("CHANGELOG.md", "CONTRIBUTING.md"):
        (root / name).write_text("")

    copy_pages(tmp_path / "tree", root)

    def page(name: str) -> str:
        return (tmp_path / "tree" / name).read_text()

    assert page("project/readme.md") == "[data](../data.md#forms) ![flow](../images/flow.svg) code"
    assert page("data.md") == (
        "[ml](project/ml.md) [folder](project/ml.md) [out](https://example.org)"
    )
    assert page("project/ml.md").startswith("[up](readme.md) [same](../data.md)\n")
    assert "[kept](../x.md)" in page("project/ml.md")


def test_the_command_line_speaks_in_sentences(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "docs.site", "--out"],
        cwd=PROJECT_ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 2
