"""A plain `dbt` in the clone looks for the private server of the clone."""

import os
import subprocess
from pathlib import Path

import pytest

from tests.fixtures.dbt import DBT, PROJECT


@pytest.mark.parametrize("started_in", ["", "dbt_project"])
def test_without_variables_dbt_asks_the_private_server(tmp_path: Path, started_in: str) -> None:
    libpq = {name for name in os.environ if name.startswith("PG")}
    environment = {name: value for name, value in os.environ.items() if name not in libpq}
    done = subprocess.run(
        [str(DBT), "debug", "--connection", "--project-dir", str(PROJECT),
         "--profiles-dir", str(PROJECT), "--log-path", str(tmp_path)],
        env=environment | {"PWD": str(tmp_path / started_in).rstrip("/"), "DO_NOT_TRACK": "true"},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert f"host: {tmp_path}/.warehouse/run" in done.stdout
