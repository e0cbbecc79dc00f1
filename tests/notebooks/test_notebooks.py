"""Every notebook runs from top to bottom on a trained warehouse, and is kept without outputs."""

from pathlib import Path

import nbclient
import nbformat
import pytest

from ml.lifecycle.forecasting import forecast_chips
from ml.lifecycle.run import train_cells
from tests.fixtures.cells import grow_cells, quick_cell_params, write_cells
from warehouse.access import connect
from warehouse.connection.settings import PROJECT_ROOT

FOLDER = PROJECT_ROOT / "notebooks"
PICTURES = {"chips": 6, "hot_spots": 7, "trackers": 5}
"""By name, how many pictures it shows."""


def read(path: Path) -> nbformat.NotebookNode:
    notebook: nbformat.NotebookNode = nbformat.read(path, as_version=4)  # type: ignore[no-untyped-call]
    return notebook


def test_every_notebook_is_known_here_and_in_the_readme() -> None:
    names = {path.stem for path in FOLDER.glob("*.ipynb")}
    assert names == set(PICTURES)
    text = (FOLDER / "README.md").read_text("utf-8")
    assert [name for name in names if f"`{name}.ipynb`" not in text] == []


@pytest.mark.parametrize("name", PICTURES)
def test_a_notebook_is_kept_without_outputs(name: str) -> None:
    code = [cell for cell in read(FOLDER / f"{name}.ipynb").cells if cell.cell_type == "code"]
    assert [cell for cell in code if cell.outputs or cell.execution_count] == []


@pytest.mark.slow
def test_the_notebook_of_chips_runs_and_shows_its_pictures(trained_database: str) -> None:
    forecast_chips()
    check_that_it_runs("chips")


@pytest.mark.slow
def test_the_notebook_of_hot_spots_runs_and_shows_its_pictures(database: str) -> None:
    with connect() as connection:
        write_cells(connection, grow_cells())
    assert train_cells(params=quick_cell_params()).promoted
    check_that_it_runs("hot_spots")


def check_that_it_runs(name: str) -> None:
    notebook = read(FOLDER / f"{name}.ipynb")
    client = nbclient.NotebookClient(
        notebook, timeout=300, kernel_name="python3", resources={"metadata": {"path": FOLDER}}
    )
    client.execute()
    outputs = [out for cell in notebook.cells if cell.cell_type == "code" for out in cell.outputs]
    shown = [out for out in outputs if "image/png" in out.get("data", {})]
    assert len(shown) == PICTURES[name]
    errors = [out.text for out in outputs if out.get("name") == "stderr"]
    assert errors == []
