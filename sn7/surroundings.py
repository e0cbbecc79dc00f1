"""What the programs that commands start need to know; the Makefile says the same in a checkout."""

import os
from typing import Final

from warehouse.connection.settings import PROJECT_ROOT, get_settings, is_checkout

QUIET: Final = {
    "DO_NOT_TRACK": "true",
    "BENTOML_DO_NOT_TRACK": "True",
    "DAGSTER_DISABLE_TELEMETRY": "1",
    "MLFLOW_DISABLE_TELEMETRY": "true",
}
"""No tool phones home."""


def prepare_environment() -> None:
    """Set what is not set: no phone-home, and dbt's project, profile and folders."""
    project = str(PROJECT_ROOT / "dbt_project")
    wanted = QUIET | {"DBT_PROJECT_DIR": project, "DBT_PROFILES_DIR": project}
    if not is_checkout():
        # An installed package is no place to write to.
        folder = str(get_settings().home_location / "logs" / "dbt")
        wanted |= {"DBT_TARGET_PATH": folder, "DBT_LOG_PATH": folder}
    for name, value in wanted.items():
        os.environ.setdefault(name, value)
