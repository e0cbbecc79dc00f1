"""The champion and the code that serves it, packaged as a bento below ``settings.bentoml``."""

import logging
import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import yaml

from ml.lifecycle import registry
from ml.model.chip_model import ForecastModel
from serving.bento.errors import NoBentoError, PackagingError
from serving.bento.store import digest, is_whole, put, workshop, write_whole
from serving.map.files import MAPLIBRE, VENDOR, maplibre_folder
from warehouse.connection.settings import PROJECT_ROOT, get_settings
from warehouse.running.child import bound, parent_variable

logger = logging.getLogger(__name__)

NAME: Final = "building_growth"
LOCK: Final = "requirements.lock"
"""What the extra ``serving`` needs, with versions and hashes; `make lock` writes it."""
LATEST: Final = "latest"
"""BentoML's name of the file that holds the version of the newest package."""

SHIPPED: Final = (
    "ml/model",
    "serving/api",
    "serving/map",
    "serving/status",
    "serving/tiles",
    "serving/trackers",
    "serving/lookup",
    "serving/edge",
    "warehouse/connection",
)
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
    champion = registry.champion()
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
    home = get_settings().bentoml
    # BentoML reads no build file below a hidden folder, such as the default home is.
    with workshop(home) as folder, tempfile.TemporaryDirectory(prefix="sn7-bento-") as outside:
        context = Path(outside).resolve() / "context"
        _write_context(context, model)
        version = f"{model.manifest.version}-{digest(context)[:10]}"
        tag, bento = f"{NAME}:{version}", home / "bentos" / NAME / version
        is_new = not is_whole(bento)
        if is_new:
            logger.info("packaging %s", tag)
            put(_built(context, tag, home=folder / "store"), bento)
        write_whole(bento.parent / LATEST, version)
    return Bento(tag=tag, folder=bento, built=is_new)


def latest_tag() -> str:
    """Return the tag of the bento that was packaged last.

    Raises:
        NoBentoError: There is none.
    """
    bentos = get_settings().bentoml / "bentos" / NAME
    latest = bentos / LATEST
    version = latest.read_text("utf-8").strip() if latest.is_file() else ""
    if not version or not is_whole(bentos / version):
        raise NoBentoError(NO_BENTO)
    return f"{NAME}:{version}"


def bento_folder(tag: str) -> Path:
    """Return where the package of a tag lies."""
    return get_settings().bentoml / "bentos" / NAME / tag.partition(":")[2]


def bentoml_environment(home: Path | None = None) -> dict[str, str]:
    """Return the environment for BentoML's own commands: its home, and no phone-home."""
    return os.environ | {
        "BENTOML_HOME": str(home or get_settings().bentoml),
        "BENTOML_DO_NOT_TRACK": "True",
    }


def _write_context(context: Path, model: ForecastModel) -> None:
    context.mkdir()
    for folder in map(Path, SHIPPED):
        shutil.copytree(PROJECT_ROOT / folder, context / folder, ignore=_BYTECODE)
        package = Path(folder.parts[0]) / "__init__.py"
        shutil.copyfile(PROJECT_ROOT / package, context / package)
    _copy_maplibre(context)
    model.save(context / "model")
    shutil.copyfile(Path(__file__).with_name(LOCK), context / LOCK)
    description = {
        "service": "serving.api.service:BuildingGrowth",
        "name": NAME,
        "description": "Forecasts of building growth; see /openapi.json.",
        "labels": {"model_version": str(model.manifest.version)},
        "include": ["ml/*", "serving/*", "warehouse/*", "model/*"],
        "python": {"requirements_txt": f"./{LOCK}", "lock_packages": False},
        "envs": [{"name": "BENTOML_DO_NOT_TRACK", "value": "True"}],
    }
    (context / "bentofile.yaml").write_text(yaml.safe_dump(description), encoding="utf-8")


def _copy_maplibre(context: Path) -> None:
    """Copy two files out of a wheel that would bring four more packages with it."""
    folder = context / VENDOR.relative_to(PROJECT_ROOT)
    folder.mkdir()
    for name in MAPLIBRE:
        shutil.copyfile(maplibre_folder() / name, folder / name)


def _built(context: Path, tag: str, *, home: Path) -> Path:
    """Let BentoML build in a process of its own: it changes its process's path and settings."""
    version = tag.partition(":")[2]
    command = [sys.executable, "-m", "bentoml", "build", str(context), "--version", version]
    done = subprocess.run(
        bound(command),
        cwd=context,
        env=bentoml_environment(home) | parent_variable(),
        capture_output=True,
        text=True,
        check=False,
    )
    built = home / "bentos" / NAME / version
    if done.returncode != 0 or not (built / "bento.yaml").is_file():
        lines = (done.stderr or done.stdout).strip().splitlines()
        reason = lines[-1] if lines else "no reason"
        raise PackagingError(f"BentoML could not build {tag}: {reason}")
    # BentoML adds itself a second time, without hashes, which pip refuses to install.
    shutil.copyfile(context / LOCK, built / "env" / "python" / "requirements.txt")
    return built
