"""Resources: what the assets need from outside, typed and replaceable in tests."""

import importlib.metadata
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any

import dagster as dg
from dagster_dbt import DbtCliInvocation, DbtCliResource
from packaging.version import Version

from orchestration.alerts import alerts_of_environment
from orchestration.dbt.project import DBT_EXECUTABLE, dbt_project
from orchestration.dbt.results import RUN_RESULTS
from orchestration.runs.lock import run_lock
from warehouse.access import libpq_environment
from warehouse.connection.settings import get_settings
from warehouse.running.build import build_environment
from warehouse.running.child import bound, parent_variable
from warehouse.running.lock import held_session


class WarehouseDbt(DbtCliResource):
    """dbt on the warehouse: its connection and its log folder are those of the settings.

    It is started by the launcher that binds it to this process (``warehouse.running.child``).
    """

    @cached_property
    def _cli_version(self) -> Version:
        """The version of dbt; the parent asks ``dbt --version``, which also asks PyPI."""
        return Version(importlib.metadata.version("dbt-core"))

    def _initialize_dbt_core_adapter(self, args: Sequence[str]) -> Any:  # noqa: ARG002
        """Make no adapter in this process: only fetching of metadata, which we do not, needs one.

        The parent takes seconds for it and swallows an interrupt that falls into them.
        """
        return None

    def cli(
        self,
        args: Sequence[str],
        *,
        target_path: Path | None = None,
        **options: Any,
    ) -> DbtCliInvocation:
        """Start dbt; artefacts and log go to ``logs/dbt`` of the warehouse's home.

        Args:
            args: dbt's command and its options.
            target_path: Another folder for artefacts and log.
            **options: As for ``DbtCliResource.cli``.
        """
        folder = target_path or dbt_logs()
        forget_results(folder)
        parsed = {"DBT_TARGET_PATH": str(dbt_project().manifest_path.parent)}
        database = libpq_environment()
        bound_to = {**build_environment(held_session(), database), **parent_variable()}
        with _environment({**database, **bound_to, **parsed}):
            return super().cli(args, target_path=folder, **options)


def forget_results(folder: Path | None = None) -> None:
    """Remove the results of an earlier dbt: those of a run are of its own dbt."""
    ((folder or dbt_logs()) / RUN_RESULTS).unlink(missing_ok=True)


def dbt_logs() -> Path:
    """Return the folder of dbt's last artefacts and its log."""
    return get_settings().logs / "dbt"


def build_resources() -> dict[str, Any]:
    """Return the resources of a real run.

    The I/O manager is named although it is Dagster's default: a run in this process would
    else keep values in memory, and a later run of a part of the graph would not find them.
    """
    project_dir = str(dbt_project().project_dir)
    launcher, *launched = bound([str(DBT_EXECUTABLE)])
    return {
        "dbt": WarehouseDbt(
            project_dir=project_dir,
            profiles_dir=project_dir,  # whatever the environment says for other projects
            dbt_executable=launcher,
            global_config_flags=launched,
        ),
        "run_lock": run_lock,
        "alerts": alerts_of_environment(),
        "io_manager": dg.FilesystemIOManager(),
    }


@contextmanager
def _environment(variables: Mapping[str, str]) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
