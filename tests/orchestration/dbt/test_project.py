"""The dbt project as Dagster sees it."""

import os
from pathlib import Path

import pytest

from orchestration.dbt.project import is_current


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project of two files, an hour old."""
    for name in ("dbt_project.yml", "models/dim_chip.sql"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
        os.utime(tmp_path / name, (1_700_000_000, 1_700_000_000))
    return tmp_path


def manifest_of(project: Path, *, time: int) -> Path:
    path = project / "target" / "manifest.json"
    path.parent.mkdir()
    path.touch()
    os.utime(path, (time, time))
    return path


def test_manifest_younger_than_every_file_is_current(project: Path) -> None:
    assert is_current(manifest_of(project, time=1_700_000_001), project)


def test_manifest_that_is_not_there_is_not_current(project: Path) -> None:
    assert not is_current(project / "target" / "manifest.json", project)


def test_changed_model_makes_the_manifest_stale(project: Path) -> None:
    manifest = manifest_of(project, time=1_700_000_001)
    os.utime(project / "models" / "dim_chip.sql", (1_700_000_002, 1_700_000_002))

    assert not is_current(manifest, project)


def test_what_dbt_writes_itself_does_not_count(project: Path) -> None:
    manifest = manifest_of(project, time=1_700_000_001)
    (project / "target" / "compiled.sql").touch()

    assert is_current(manifest, project)
