"""A model as a folder: LightGBM text models and ``model.json``, which says what they are.

Which models there are, and what their manifest holds, is their own module's.
"""

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Final, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from ml.model.boosting import Booster, read_booster
from ml.model.errors import BundleError

MANIFEST_FILE: Final = "model.json"


class Manifest(BaseModel):
    """What a bundle says about itself.

    Attributes:
        format: Version of its form; the default is the one that this code reads.
        version: Version in the registry; none before it is registered.
        first_as_of: Time key of the first as-of month of the training rows.
        last_as_of: Time key of the last one.
        training_rows: Rows that were learnt from.
        fingerprint: Hash of the training rows and of the tunables.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    format: int
    version: int | None = None
    first_as_of: int
    last_as_of: int
    training_rows: int
    fingerprint: str


Known = TypeVar("Known", bound=Manifest)


def write_bundle(folder: Path, manifest: Manifest, boosters: Mapping[str, Booster]) -> None:
    """Write a bundle into ``folder``, made if it is not there.

    Args:
        folder: Where.
        manifest: What it says about itself.
        boosters: Its models by name.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for name, booster in boosters.items():
        _booster_file(folder, name).write_text(booster.model_to_string(), encoding="utf-8")
    text = manifest.model_dump_json(indent=2)
    (folder / MANIFEST_FILE).write_text(text + "\n", encoding="utf-8")


def read_bundle(
    folder: Path, kind: type[Known], names: Callable[[Known], Iterable[str]]
) -> tuple[Known, dict[str, Booster]]:
    """Read a bundle and return its manifest and its boosters by name.

    Args:
        folder: Where.
        kind: Of its manifest.
        names: Of its boosters, as the manifest tells them.

    Raises:
        BundleError: A file is missing or is not what it should be.
    """
    try:
        manifest = kind.model_validate_json((folder / MANIFEST_FILE).read_bytes())
        boosters = {
            name: read_booster(_booster_file(folder, name).read_text("utf-8"))
            for name in names(manifest)
        }
    except OSError as error:
        raise BundleError(
            f"the model bundle {folder} is incomplete ({error}); train again"
        ) from error
    except (ValidationError, ValueError) as error:
        reason = str(error).splitlines()[0]
        raise BundleError(f"the model bundle {folder} cannot be read: {reason}") from error
    expected = kind.model_fields["format"].default
    if manifest.format != expected:
        raise BundleError(
            f"the model bundle {folder} has format {manifest.format}, expected {expected}; "
            "train again"
        )
    return manifest, boosters


def _booster_file(folder: Path, name: str) -> Path:
    return folder / f"{name}.txt"
