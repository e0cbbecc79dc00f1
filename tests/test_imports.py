"""Imports go one way: from a folder to those below it, and within a folder from room to room."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from serving.bento.packaging import SHIPPED
from warehouse.connection.settings import PROJECT_ROOT

FOLDERS = (
    "sn7",
    "orchestration",
    "benchmarks",
    "serving",
    "scoring",
    "ml",
    "synthetic",
    "loaders",
    "warehouse",
)
"""Each imports itself and those after it; nothing imports the first three."""

BESIDE = {
    ("benchmarks", "scoring"),
    ("serving", "synthetic"),
    ("serving", "loaders"),
    ("scoring", "synthetic"),
    ("ml", "synthetic"),
    ("ml", "loaders"),
}
"""Pairs of which the first has no business with the second, though it stands above."""

ROOMS = {
    "ml": ("retraining", "lifecycle", "reporting", "judging", "training", "data", "model"),
    "scoring": ("kept", "files", "reporting", "metric"),
    "loaders": ("raw", "assembly", "forms", "terms"),
    "synthetic": ("year", "trackers", "judging", "drawing", "planning"),
    "warehouse": ("backup", "setup", "server", "running", "connection"),
    "serving": ("bento", "api", "status", "map", "tiles", "trackers", "lookup", "edge"),
    "orchestration": ("simulation", "automation", "assets", "report", "inbox", "checks", "dbt"),
}
"""Rooms of a folder, each importing those after it."""

SELF_CONTAINED = {"ml.model": {"ml.model", "warehouse.connection"}} | {
    "serving.api": {
        "serving.api",
        "serving.map",
        "serving.status",
        "serving.tiles",
        "serving.trackers",
        "serving.lookup",
        "serving.edge",
        "ml.model",
        "warehouse.connection",
    },
    "serving.map": {"serving.map", "serving.edge"},
    "serving.status": {
        "serving.status",
        "serving.lookup",
        "serving.edge",
        "warehouse.connection",
    },
    "serving.trackers": {
        "serving.trackers",
        "serving.lookup",
        "serving.edge",
        "warehouse.connection",
    },
    "serving.tiles": {"serving.tiles", "serving.lookup", "serving.edge", "warehouse.connection"},
    "serving.lookup": {"serving.lookup", "serving.edge", "ml.model", "warehouse.connection"},
    "serving.edge": {"serving.edge", "warehouse.connection"},
    "warehouse.connection": {"warehouse.connection"},
}
"""What the packaged service ships, and all of ours that it may import."""


def imports() -> Iterator[tuple[str, str]]:
    """Every import of a module of ours, as (importing module, imported module)."""
    for folder in FOLDERS:
        for path in sorted((PROJECT_ROOT / folder).rglob("*.py")):
            module = ".".join(path.relative_to(PROJECT_ROOT).with_suffix("").parts)
            for node in ast.walk(ast.parse(path.read_text("utf-8"))):
                if isinstance(node, ast.ImportFrom) and node.module:
                    found = [node.module, *(f"{node.module}.{a.name}" for a in node.names)]
                elif isinstance(node, ast.Import):
                    found = [alias.name for alias in node.names]
                else:
                    continue
                yield from ((module, name) for name in found if name.split(".")[0] in FOLDERS)


IMPORTS = sorted(set(imports()))


def test_folders_import_downwards_only() -> None:
    upward = [
        (module, name)
        for module, name in IMPORTS
        for one, other in [(module.split(".")[0], name.split(".")[0])]
        if FOLDERS.index(other) < FOLDERS.index(one) or (one, other) in BESIDE
    ]
    assert upward == []


def test_nothing_imports_what_stands_on_top() -> None:
    for folder in ("sn7", "orchestration", "benchmarks"):
        assert [
            (module, name)
            for module, name in IMPORTS
            if name.split(".")[0] == folder and module.split(".")[0] != folder
        ] == []


@pytest.mark.parametrize("folder", ROOMS)
def test_rooms_import_in_one_direction(folder: str) -> None:
    rooms = ROOMS[folder]
    wrong = []
    for module, name in IMPORTS:
        one, other = module.split("."), name.split(".")
        if one[0] == other[0] == folder and len(one) > 2 and one[1] in rooms:
            if len(other) == 2 and (PROJECT_ROOT / folder / f"{other[1]}.py").exists():
                continue
            if len(other) > 1 and other[1] in rooms and rooms.index(other[1]) < rooms.index(one[1]):
                wrong.append((module, name))
    assert wrong == []


@pytest.mark.parametrize("shipped", SHIPPED)
def test_what_the_service_ships_imports_nothing_else_of_ours(shipped: str) -> None:
    room = shipped.replace("/", ".")
    allowed = SELF_CONTAINED[room]
    foreign = [
        (module, name)
        for module, name in IMPORTS
        if module.startswith(f"{room}.") and ".".join(name.split(".")[:2]) not in allowed
    ]
    assert foreign == []


def test_every_folder_says_what_belongs_there() -> None:
    folders = [*FOLDERS, "dbt_project"]
    assert [name for name in folders if not (PROJECT_ROOT / name / "README.md").is_file()] == []
    for name in folders:
        text = (PROJECT_ROOT / name / "README.md").read_text("utf-8")
        assert len(text.splitlines()) <= 40, name


def test_no_module_is_too_long_and_no_folder_too_full() -> None:
    paths = [path for folder in FOLDERS for path in (PROJECT_ROOT / folder).rglob("*.py")]
    long = {str(path): n for path in paths if (n := len(path.read_text().splitlines())) > 300}
    assert long == {}
    by_folder: dict[Path, int] = {}
    for path in paths:
        by_folder[path.parent] = by_folder.get(path.parent, 0) + (path.name[:2] != "__")
    assert {folder: count for folder, count in by_folder.items() if count > 15} == {}
