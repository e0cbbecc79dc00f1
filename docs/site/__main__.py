"""``python -m docs.site``: build the site into the home's artifacts."""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Annotated, Final

import typer

from docs.site.catalogue import read_tables
from docs.site.commands import commands_page
from docs.site.diagram import entity_diagram
from docs.site.dictionary import dictionary_pages
from docs.site.tree import copy_pages
from warehouse.access import program_environment
from warehouse.cli import run_cli
from warehouse.connection.errors import UserError
from warehouse.connection.settings import PROJECT_ROOT, get_settings

CONFIGURATION: Final = Path(__file__).with_name("mkdocs.yml")
DBT: Final = Path(sys.executable).with_name("dbt")

DBT_PAGE: Final = """# dbt docs

dbt's own site of [every model, its SQL and its lineage](dbt/index.html), with the tests of each.
"""
ENTITIES_PAGE: Final = """# Entity diagram

Tables of the star and of the features with their keys (🔑) and where they lead (↗); the
[dictionary](dictionary/index.md) has all columns. Drawn from the dbt manifest.

![Tables of the star and of the features with their keys](images/entities.svg)
"""

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


class SiteError(UserError):
    """The site cannot be built."""


@app.command()
def site(
    out: Annotated[
        Path | None, typer.Option(help="The site's folder; artifacts/site else.")
    ] = None,
    *,
    dbt: Annotated[bool, typer.Option(help="With dbt's own pages, which ask the database.")] = True,
) -> None:
    """Build the documentation site; open its index.html."""
    folder = (out or get_settings().artifacts / "site").absolute()
    with tempfile.TemporaryDirectory() as temporary:
        tree = Path(temporary) / "tree"
        copy_pages(tree)
        write_dbt_pages(tree / "dbt", Path(temporary), asked=dbt)
        write_reference(tree, Path(temporary) / "manifest.json")
        build(tree, folder)
    typer.echo(f"open {folder / 'index.html'}")


def write_dbt_pages(folder: Path, target: Path, *, asked: bool) -> None:
    """Let dbt write its manifest into ``target`` and, if asked, its pages into ``folder``.

    Raises:
        SiteError: dbt failed.
    """
    command = ["docs", "generate", "--static"] if asked else ["parse"]
    project = str(PROJECT_ROOT / "dbt_project")
    folders = {
        "DBT_PROJECT_DIR": project,
        "DBT_PROFILES_DIR": project,
        "DBT_TARGET_PATH": str(target),
        "DBT_LOG_PATH": str(target),
    }
    environment = program_environment() if asked else dict(os.environ)
    done = subprocess.run(
        [DBT, "--quiet", *command], env=environment | folders, capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    if done.returncode != 0:
        raise SiteError(
            f"dbt {command[0]} failed: {' '.join((done.stdout or done.stderr).split())}"
        )
    folder.mkdir(parents=True, exist_ok=True)
    if asked:
        shutil.copy(target / "static_index.html", folder / "index.html")
    else:
        (folder / "index.html").write_text("<p>Built without dbt's pages: make docs</p>\n")


def write_reference(tree: Path, manifest: Path) -> None:
    """Write the pages that the manifest and the command line tell."""
    tables = read_tables(manifest)
    pages = {f"dictionary/{name}": text for name, text in dictionary_pages(tables)} | {
        "entities.md": ENTITIES_PAGE,
        "images/entities.svg": entity_diagram(tables),
        "dbt.md": DBT_PAGE,
        "commands.md": commands_page(),
    }
    for name, text in pages.items():
        path = tree / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text + "\n", encoding="utf-8")


def build(tree: Path, folder: Path) -> None:
    """Let mkdocs build the site, every warning an error.

    Raises:
        SiteError: A link leads nowhere, or mkdocs failed; the message has what it said.
    """
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--clean",
         "--config-file", CONFIGURATION],
        env=os.environ | {"SN7_SITE_TREE": str(tree), "SN7_SITE": str(folder),
                          "NO_MKDOCS_2_WARNING": "1", "DISABLE_MKDOCS_2_WARNING": "true"},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode != 0:
        said = [line for line in done.stderr.splitlines() if line.startswith(("WARNING", "ERROR"))]
        raise SiteError(
            "mkdocs refuses the pages: " + "; ".join(said or done.stderr.splitlines()[-3:])
        )


if __name__ == "__main__":
    run_cli(app)
