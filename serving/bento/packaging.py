"""The champion and the code that serves it, packaged as a bento below ``settings.bentoml``."""

import hashlib
import logging
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import yaml

from ml.lifecycle import tracking
from ml.model.chip_model import ForecastModel
from serving.bento.errors import NoBentoError, PackagingError
from serving.bento.lock import serving_lock
from warehouse.connection.settings import PROJECT_ROOT, get_settings

logger = logging.getLogger(__name__)

NAME: Final = "building_growth"
LOCK: Final = "requirements.lock"

SHIPPED: Final = ("ml/model", "serving/api", "warehouse/connection")
"""Folders that the package holds whole; tests/test_imports.py says what they may import."""

_BYTECODE = shutil.ignore_patterns("__pycache__")

NO_BENTO = "nothing has been packaged yet; run `make run` first"


@dataclass(frozen=True, slots=True)
class Bento:
    """A package in the store.

    Attributes:
        tag: ``name:version``.
        folder: Where it lies.
        built: False where it was there already.
    """

    tag: str
    folder: Path
    built: bool


def build_bento(model_version: int | None = None) -> str | None:
    """Package the champion and return the tag of the bento, or none where there is no champion.

    Args:
        model_version: Checked against the champion's where given.

    Raises:
        PackagingError: The champion is of another version, or BentoML failed.
    """
    champion = tracking.champion()
    if champion is None:
        return None
    if model_version is not None and model_version != champion.version:
        raise PackagingError(
            f"the champion is version {champion.version}, not {model_version}; only the champion "
            "is packaged"
        )
    return package(champion.model).tag


def package(model: ForecastModel) -> Bento:
    """Build the bento of a model; one of the same model version and code is left as it is.

    Raises:
        PackagingError: BentoML failed.
    """
    with tempfile.TemporaryDirectory(prefix="sn7-bento-") as name:
        context = Path(name)
        _write_context(context, model)
        tag = f"{NAME}:{model.manifest.version}-{_digest(context)}"
        folder = get_settings().bentoml / "bentos" / NAME / tag.partition(":")[2]
        is_new = not (folder / "bento.yaml").is_file()
        if is_new:
            logger.info("packaging %s", tag)
            _run_bentoml_build(context, tag)
        if not (folder / "bento.yaml").is_file():
            raise PackagingError(f"BentoML reported success but {folder} is not there")
        # BentoML adds itself a second time, without hashes, which pip refuses to install.
        shutil.copyfile(context / LOCK, folder / "env" / "python" / "requirements.txt")
    return Bento(tag=tag, folder=folder, built=is_new)


def latest_tag() -> str:
    """Return the tag of the bento that was built last.

    Raises:
        NoBentoError: There is none.
    """
    latest = get_settings().bentoml / "bentos" / NAME / "latest"
    if not latest.is_file():
        raise NoBentoError(NO_BENTO)
    return f"{NAME}:{latest.read_text('utf-8').strip()}"


def bentoml_environment() -> dict[str, str]:
    """Return the environment for BentoML's own commands: its home, and no phone-home."""
    return os.environ | {
        "BENTOML_HOME": str(get_settings().bentoml),
        "BENTOML_DO_NOT_TRACK": "True",
    }


def _write_context(context: Path, model: ForecastModel) -> None:
    for folder in map(Path, SHIPPED):
        shutil.copytree(PROJECT_ROOT / folder, context / folder, ignore=_BYTECODE)
        package = Path(folder.parts[0]) / "__init__.py"
        shutil.copyfile(PROJECT_ROOT / package, context / package)
    model.save(context / "model")
    (context / LOCK).write_text(serving_lock(PROJECT_ROOT), encoding="utf-8")
    description = {
        "service": "serving.api.service:BuildingGrowth",
        "name": NAME,
        "description": "Forecasts of building growth; see /docs.json.",
        "labels": {"model_version": str(model.manifest.version)},
        "include": ["ml/*", "serving/*", "warehouse/*", "model/*"],
        "python": {"requirements_txt": f"./{LOCK}", "lock_packages": False},
        "envs": [{"name": "BENTOML_DO_NOT_TRACK", "value": "True"}],
    }
    (context / "bentofile.yaml").write_text(yaml.safe_dump(description), encoding="utf-8")


def _files(context: Path) -> Iterator[Path]:
    return (path for path in sorted(context.rglob("*")) if path.is_file())


def _digest(context: Path) -> str:
    digest = hashlib.sha256()
    for path in _files(context):
        digest.update(f"{path.relative_to(context)}\0".encode() + path.read_bytes())
    return digest.hexdigest()[:10]


def _run_bentoml_build(context: Path, tag: str) -> None:
    """Let BentoML build in a process of its own: it changes its process's path and settings."""
    version = tag.partition(":")[2]
    command = [sys.executable, "-m", "bentoml", "build", str(context), "--version", version]
    done = subprocess.run(
        command,
        cwd=context,
        env=bentoml_environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        lines = (done.stderr or done.stdout).strip().splitlines()
        raise PackagingError(
            f"BentoML could not build {tag}: {lines[-1] if lines else 'no reason'}"
        )
