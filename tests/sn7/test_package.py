"""The wheel holds what its commands need, and its loader runs without the checkout."""

import os
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from email import message_from_string
from pathlib import Path

import psycopg
import pytest

from tests.fixtures.sources import row
from warehouse.connection.settings import PROJECT_ROOT

FOLDERS = (
    "dbt_project", "loaders", "ml", "orchestration", "scoring", "serving", "sn7", "synthetic",
    "warehouse",
)  # fmt: skip


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dist")
    uv = Path(sys.executable).with_name("uv")
    # uv carries the build backend, so nothing is fetched.
    command = [str(uv), "build", "--wheel", "--offline", "--quiet", "--out-dir", str(folder)]
    done = subprocess.run(command, cwd=PROJECT_ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    [path] = folder.glob("*.whl")
    return path


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel's files, as they lie once it is installed."""
    folder = tmp_path_factory.mktemp("site-packages")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder)
    return folder


def tracked(folder: str) -> Iterator[str]:
    done = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", folder],
        cwd=PROJECT_ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    yield from (name for name in done.stdout.split("\0") if (PROJECT_ROOT / name).is_file())


@pytest.mark.parametrize("folder", FOLDERS)
def test_every_file_of_a_folder_is_in_the_wheel(wheel: Path, folder: str) -> None:
    held = set(zipfile.ZipFile(wheel).namelist())
    assert set(tracked(folder)) <= held


def test_nothing_else_is_in_the_wheel(wheel: Path) -> None:
    tops = {name.partition("/")[0] for name in zipfile.ZipFile(wheel).namelist()}
    assert {top for top in tops if not top.endswith(".dist-info")} == set(FOLDERS)
    assert not [n for n in zipfile.ZipFile(wheel).namelist() if "/target/" in n or ".pyc" in n]


def test_the_wheel_says_its_command_and_what_it_needs(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        [entries] = [n for n in archive.namelist() if n.endswith("entry_points.txt")]
        [metadata] = [n for n in archive.namelist() if n.endswith("METADATA")]
        assert "sn7 = sn7.__main__:main" in archive.read(entries).decode()
        told = message_from_string(archive.read(metadata).decode())
    assert {"load", "serving", "pipeline"} <= set(told.get_all("Provides-Extra") or ())
    always = [line for line in told.get_all("Requires-Dist") or () if "extra" not in line]
    assert {line.split(">")[0].split("[")[0] for line in always} == {
        "psycopg", "pydantic", "pydantic-settings", "rich", "typer",
    }  # fmt: skip


def test_its_loader_runs_without_the_checkout(
    installed: Path, tmp_path: Path, write_csv: Callable[..., Path], database: str
) -> None:
    labels = write_csv([row(1), row(2)])
    environment = {n: v for n, v in os.environ.items() if n not in {"PYTHONPATH", "SN7_HOME"}} | {
        "PYTHONPATH": str(installed), "SN7_DSN": database, "XDG_DATA_HOME": str(tmp_path),
    }  # fmt: skip

    def sn7(*arguments: str | Path) -> str:
        done = subprocess.run(
            [sys.executable, "-m", "sn7", *map(str, arguments)],
            cwd=tmp_path, env=environment, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return done.stdout

    sn7("load", labels)

    with psycopg.connect(database) as connection:
        loaded = connection.execute("select count(*) from raw.pixel_row").fetchone()
    assert loaded == (2,)
    assert labels.name in sn7("sources")
    where = "import warehouse; print(warehouse.__file__)"
    done = subprocess.run(
        [sys.executable, "-c", where], cwd=tmp_path, env=environment, text=True,
        capture_output=True, check=True,
    )  # fmt: skip
    assert done.stdout.startswith(str(installed))
