"""The service's part of the lock file."""

from pathlib import Path

import pytest

from serving.bento.errors import PackagingError
from serving.bento.lock import serving_lock
from warehouse.connection.settings import PROJECT_ROOT


def test_the_part_is_pinned_hashed_and_small() -> None:
    lock = serving_lock(PROJECT_ROOT)
    pins = [line for line in lock.splitlines() if "==" in line and not line.startswith(" ")]
    assert 50 < len(pins) < 110
    assert lock.count("--hash=sha256:") > len(pins)
    assert {name.split("==")[0] for name in pins} >= {
        "bentoml", "lightgbm", "numpy", "psycopg", "psycopg-binary", "pydantic-settings", "scipy",
    }  # fmt: skip


def test_a_package_that_the_lock_lacks_is_named(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text((PROJECT_ROOT / "pyproject.toml").read_text("utf-8"))
    lines = (PROJECT_ROOT / "requirements.lock").read_text("utf-8").replace("lightgbm==", "heavy==")
    (tmp_path / "requirements.lock").write_text(lines)
    with pytest.raises(PackagingError, match=r"requirements\.lock lacks lightgbm; run `make lock`"):
        serving_lock(tmp_path)
