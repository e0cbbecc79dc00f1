"""Set-up says what it does where it does something, on standard error, and else nothing."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from warehouse.connection.settings import PROJECT_ROOT

PYTHON = """\
#!/bin/sh
case "$*" in
    *"warehouse install") echo "PostgreSQL is there";;
    *"pip sync"*) sleep 2;;
esac
"""
"""Stands for Python and uv of the environment, which would install 1.6 GB."""


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    for name in ("scripts/setup.sh", "scripts/uv.lock", "requirements.lock"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        shutil.copy(PROJECT_ROOT / name, tmp_path / name)
    (tmp_path / ".venv/bin").mkdir(parents=True)
    for name in ("python", "uv"):
        (tmp_path / ".venv/bin" / name).write_text(PYTHON)
        (tmp_path / ".venv/bin" / name).chmod(0o755)
    return tmp_path


def set_up(clone: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [clone / "scripts/setup.sh"], env=os.environ, capture_output=True, text=True, check=False
    )


def test_set_up_says_what_it_does_on_standard_error_and_once(clone: Path) -> None:
    first = set_up(clone)

    assert (first.returncode, first.stdout) == (0, "")
    said = first.stderr.splitlines()
    assert said[0] == "installing the installer uv ..."
    assert said[2] == "installing the packages of requirements.lock (about 1.6 GB) ..."
    assert said[3].startswith("  done in ")

    again = set_up(clone)
    assert (again.returncode, again.stdout, again.stderr) == (0, "", "")


def test_a_failed_installation_fails_the_set_up(clone: Path) -> None:
    (clone / ".venv/bin/uv").write_text("#!/bin/sh\nexit 3\n")
    python = clone / ".venv/bin/python"
    python.write_text('#!/bin/sh\ncase "$*" in *requirements.lock) exit 4;; esac\n')

    done = set_up(clone)

    assert done.returncode != 0
    assert "trying the same with pip ..." in done.stderr
    assert not (clone / ".venv/.installed").exists()
