import hashlib
import importlib
import os
import subprocess
import sys
from pathlib import Path

from synthetic import synthesize
from tests.fixtures.generated import COMMANDS
from warehouse.connection.settings import PROJECT_ROOT


def _hashes(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_another_process_on_an_older_processor_writes_the_same_bytes(
    sample: Path, tmp_path: Path
) -> None:
    """NumPy takes other kernels for exp and sin without AVX; threads and hashing differ as well."""
    kernels = importlib.import_module("numpy._core._multiarray_umath")
    newer = [name for name in kernels.__cpu_dispatch__ if kernels.__cpu_features__.get(name)]
    environment = os.environ | {
        "NPY_DISABLE_CPU_FEATURES": " ".join(newer),
        "POLARS_MAX_THREADS": "1",
        "PYTHONHASHSEED": "12345",
    }
    out = tmp_path / "again"
    command = [sys.executable, "-c", COMMANDS, "synthesize", "--seed", "7", "--out", str(out)]
    done = subprocess.run(
        command, cwd=PROJECT_ROOT, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "66,647 rows" in done.stdout
    again = _hashes(out)
    assert len(again) == 206
    assert again == _hashes(sample)


def test_another_seed_writes_other_data(sample: Path, tmp_path: Path) -> None:
    other = _hashes(synthesize(tmp_path / "other", seed=8).out)
    same = {name for name, digest in _hashes(sample).items() if other.get(name) == digest}
    tiles = {name for name in same if name.endswith("_UDM.geojson")}
    assert same == tiles
    assert len(tiles) == 15, "only the masks of wholly clouded months do not depend on the seed"
