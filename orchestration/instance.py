"""The Dagster instance: where runs and their events are kept, for this process and the UI alike."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import dagster as dg

from warehouse.access import sqlalchemy_url
from warehouse.connection.roles import Role
from warehouse.connection.settings import PROJECT_ROOT, get_settings

STORAGE_URL: Final = "SN7_DAGSTER_URL"
"""Carries the database's address, and so its password, past ``dagster.yaml``."""

STATEMENT_TIMEOUT_MILLISECONDS: Final = 60_000

DAGSTER_YAML: Final = f"""\
# Written by `python -m orchestration` at each start: change orchestration/instance.py instead.
storage:
  postgres:
    postgres_url:
      env: {STORAGE_URL}
telemetry:
  enabled: false
nux:
  enabled: false  # no invitation to a newsletter
concurrency:
  runs:
    max_concurrent_runs: 1  # a second one would only wait for the run lock
run_launcher:
  module: orchestration.runs.launcher
  class: WatchedRunLauncher
run_monitoring:
  enabled: true
  poll_interval_seconds: 10
retention:  # of the notes of schedules and sensors (days); runs: orchestration/assets/retention.py
  schedule:
    purge_after_days: 180
  sensor:
    purge_after_days:
      skipped: 2
      started: 180
      success: 180
      failure: 30
"""


def prepare_home() -> dict[str, str]:
    """Write ``dagster.yaml`` and return the environment that Dagster's programs need."""
    home = get_settings().dagster
    (home / "dagster.yaml").write_text(DAGSTER_YAML)
    return {
        "DAGSTER_HOME": str(home),
        "PYTHONPATH": _with_project(os.environ.get("PYTHONPATH")),  # dagster.yaml names a class
        STORAGE_URL: sqlalchemy_url(schema="dagster", role=Role.ORCHESTRATOR),
        "DAGSTER_DISABLE_TELEMETRY": "1",
    }


@contextmanager
def persistent_instance() -> Iterator[dg.DagsterInstance]:
    """Open the instance in this process."""
    os.environ.update(prepare_home())
    with dg.DagsterInstance.get() as instance:
        instance.optimize_for_webserver(
            STATEMENT_TIMEOUT_MILLISECONDS, pool_recycle=3600, max_overflow=2
        )
        yield instance


def _with_project(path: str | None) -> str:
    folders = [folder for folder in (path or "").split(os.pathsep) if folder]
    root = str(PROJECT_ROOT)
    return os.pathsep.join(folders if root in folders else [root, *folders])
