"""The image's own dbt step works where it runs: without a database."""

import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from tests.deploy.test_containers import instructions
from warehouse.connection.settings import PROJECT_ROOT


@pytest.mark.slow
def test_dbt_parses_without_a_database(tmp_path: Path) -> None:
    [step] = [line for line in instructions("RUN") if "dbt parse" in line]
    words = shlex.split(step.partition("&&")[0])
    words[words.index("--target-path") + 1] = str(tmp_path)
    words[words.index("--log-path") + 1] = str(tmp_path)
    words[0] = str(Path(sys.executable).with_name("dbt"))
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PG")}

    done = subprocess.run(
        words, cwd=PROJECT_ROOT, env=environment, capture_output=True, text=True, check=False
    )

    assert done.returncode == 0, done.stdout
    assert (tmp_path / "manifest.json").exists()
