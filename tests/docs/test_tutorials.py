"""The tutorials and the pages of tools do what they say: their commands are run from the page."""

import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from serving.bento.packaging import Bento
from tests.fixtures.service import StartServer
from tests.fixtures.trained import Trained
from warehouse.connection.settings import PROJECT_ROOT

DOCS = PROJECT_ROOT / "docs"
_BLOCK = re.compile(r"^```(sh|python)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def follow(page: str, folder: Path, **environment: str) -> str:
    """Run the blocks of a page one after the other, in a folder, and return what they print.

    Blocks of shell are one session each, as a reader pastes them.
    """
    programs = folder / "programs"
    programs.mkdir()
    sn7 = programs / "sn7"
    sn7.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m sn7 "$@"\n')
    sn7.chmod(0o755)
    work = folder / "work"
    work.mkdir()
    told = []
    for kind, text in _BLOCK.findall((DOCS / page).read_text("utf-8")):
        command = ["bash", "-euo", "pipefail"] if kind == "sh" else [sys.executable, "-W", "error"]
        done = subprocess.run(
            [*command, "-c", text],
            cwd=work,
            env=os.environ
            | {
                "PATH": f"{programs}:{os.environ['PATH']}",
                "PYTHONPATH": str(PROJECT_ROOT),
                "PAGER": "cat",
            }
            | environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"{text}\n{done.stdout}\n{done.stderr}"
        told.append(done.stdout)
    assert told, "a page without a command to run"
    return "\n".join(told)


def test_a_data_engineer_gets_a_delivery_into_tables(database: str, tmp_path: Path) -> None:
    told = follow("tutorials/data-engineer.md", tmp_path)

    assert "polygon" in told.lower(), "the reason of the rejected row"
    assert re.search(r"2 \|\s+3 \|\s+1 \|\s+0 \|\s+1", told), "the second load changed nothing"


def test_an_analyst_gets_from_a_question_to_a_map(built: str, tmp_path: Path) -> None:
    told = follow("tutorials/analyst.md", tmp_path)

    assert "appeared" in told
    assert re.search(r"[\d,]+ features of layer footprints", told)
    assert "mean" in told


def test_an_ml_engineer_gets_a_forecast_of_a_place_of_their_own(
    trained: Trained, use_database: Callable[[str], str], tmp_path: Path
) -> None:
    use_database(trained.conninfo)

    told = follow("tutorials/ml-engineer.md", tmp_path, SN7_HOME=trained.home)

    assert "rolling_origin" in told
    assert told.count("harbour,") >= 4, "a line for each horizon"


def test_an_application_developer_gets_forecasts_over_http(
    built: str, trained: Trained, bento: Bento, start_server: StartServer, tmp_path: Path
) -> None:
    server = start_server(
        ["serving", "serve"],
        cwd=PROJECT_ROOT,
        environment={"SN7_DSN": built, "SN7_HOME": trained.home},
        log=tmp_path / "log.txt",
    )
    told = follow(
        "tutorials/application-developer.md",
        tmp_path,
        SN7_URL=f"http://127.0.0.1:{server.port}",
    )

    assert '"horizon"' in told
    assert "422" in told


@pytest.mark.parametrize("page", ["index", "qgis", "duckdb", "dataframes", "r"])
def test_the_pages_of_tools_do_what_they_say(page: str, built: str, tmp_path: Path) -> None:
    follow(f"tools/{page}.md", tmp_path)


def test_the_style_of_qgis_fits_the_layer(built: str) -> None:
    style = (DOCS / "tools" / "footprints.qml").read_text("utf-8")
    layer = (PROJECT_ROOT / "dbt_project" / "models" / "layers" / "footprints.yml").read_text()

    [attribute] = re.findall(r'attr="(\w+)"', style)
    assert f"- name: {attribute}\n" in layer
    used = set(re.findall(r'<range [^>]*symbol="(\d)"', style))
    assert used == set(re.findall(r'<symbol name="(\d)"', style))
