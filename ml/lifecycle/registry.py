"""The registered models: which is champion, which is challenger, and the way back.

Every model that was trained is a version. ``champion`` is the one in use; ``challenger`` the last
one that did not take its place. A version says what it replaced, so that a rollback finds it.
"""

import hashlib
import logging
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final, Self

from ml.errors import RegistryError
from ml.lifecycle.logged_model import bundle_folder
from ml.lifecycle.tracking import mlflow_client
from ml.model.chip_model import ForecastModel
from ml.model.errors import BundleError

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities.model_registry import ModelVersion

logger = logging.getLogger(__name__)

MODEL_NAME: Final = "building-growth"
CHAMPION: Final = "champion"
CHALLENGER: Final = "challenger"

DIGEST: Final = "model_digest"
DATA_DIGEST: Final = "data_digest"
DATA_KIND: Final = "data_kind"
_REPLACED: Final = "replaced_version"
_ROLLED_BACK: Final = "rolled_back_at"
_PROMOTED: Final = "promoted_at"

DESCRIPTION: Final = (
    "Net change of a chip's building count over the next months, as quantiles. `champion` is in "
    "use, `challenger` did not take its place; `python -m ml rollback` goes back one champion."
)


@dataclass(frozen=True, slots=True)
class Registered:
    """A version of the registry whose model can be read.

    Attributes:
        version: Its number.
        model: The model of its bundle.
        run_id: The run that trained it.
        tags: What was written down with it.
    """

    version: int
    model: ForecastModel
    run_id: str
    tags: Mapping[str, str]

    @property
    def was_rolled_back(self) -> bool:
        """A person took it out of use, so no training puts it back."""
        return _ROLLED_BACK in self.tags

    @classmethod
    def of(cls, version: "ModelVersion") -> Self:
        """Read the bundle of a version.

        Raises:
            BundleError: It is not there, or of an older form.
        """
        number = int(version.version)
        model = ForecastModel.load(bundle_folder(str(version.source))).with_version(number)
        return cls(number, model, str(version.run_id), dict(version.tags))


def champion() -> Registered | None:
    """Return the model in use; none where there is none or its bundle cannot be read."""
    return by_alias(mlflow_client(), CHAMPION)


def by_alias(client: "MlflowClient", alias: str) -> Registered | None:
    """Return the model of an alias; none where there is none or its bundle cannot be read."""
    version = _version_of(client, alias)
    if version is None:
        return None
    try:
        return Registered.of(version)
    except BundleError as error:
        # The home was removed, or the bundle is of an older form: the next model takes its place.
        logger.warning("%s version %s counts as none: %s", alias, version.version, error)
        return None


def same_model(client: "MlflowClient", digest: str) -> Registered | None:
    """Return the newest readable version with just these files, or none."""
    versions = client.search_model_versions(
        f"name = '{MODEL_NAME}' and tags.{DIGEST} = '{digest}'",
        order_by=["version_number DESC"],
    )
    for version in versions:
        try:
            return Registered.of(version)
        except BundleError:
            continue
    return None


def register(
    client: "MlflowClient",
    *,
    run_id: str,
    source: str,
    model_id: str,
    description: str,
    tags: Mapping[str, str],
) -> int:
    """Make the run's logged model a new version and return its number.

    Args:
        client: MLflow.
        run_id: The run.
        source: Where the logged model lies, a URI.
        model_id: Its id.
        description: For people.
        tags: At least ``DIGEST``, ``DATA_DIGEST`` and ``DATA_KIND``.
    """
    _ensure_registered_model(client)
    version = client.create_model_version(
        MODEL_NAME, source, run_id=run_id, tags=dict(tags), description=description,
        model_id=model_id,
    )  # fmt: skip
    return int(version.version)


def promote(client: "MlflowClient", version: int) -> None:
    """Make a version the champion; it keeps in mind which one it replaced."""
    before = _version_of(client, CHAMPION)
    if before is not None and int(before.version) == version:
        return
    number = str(version)
    if before is not None:
        client.set_model_version_tag(MODEL_NAME, number, _REPLACED, str(before.version))
    client.set_model_version_tag(MODEL_NAME, number, _PROMOTED, _now())
    client.set_registered_model_alias(MODEL_NAME, CHAMPION, number)
    standing = _version_of(client, CHALLENGER)
    if standing is not None and int(standing.version) == version:
        client.delete_registered_model_alias(MODEL_NAME, CHALLENGER)


def challenge(client: "MlflowClient", version: int) -> None:
    """Make a version the challenger: judged, kept, not in use."""
    client.set_registered_model_alias(MODEL_NAME, CHALLENGER, str(version))


def roll_back() -> tuple[int, int]:
    """Put the champion's predecessor back in use and return both numbers: from, to.

    Raises:
        RegistryError: There is no champion, no predecessor, or its files are gone.
    """
    client = mlflow_client()
    current = _version_of(client, CHAMPION)
    if current is None:
        raise RegistryError("there is no champion to roll back; train one by `python -m ml train`")
    before = current.tags.get(_REPLACED)
    if before is None:
        raise RegistryError(
            f"champion version {current.version} replaced none, so there is nothing to roll back to"
        )
    try:
        Registered.of(client.get_model_version(MODEL_NAME, before))
    except BundleError as error:
        raise RegistryError(f"version {before} cannot take over again: {error}") from error
    client.set_model_version_tag(MODEL_NAME, current.version, _ROLLED_BACK, _now())
    client.set_registered_model_alias(MODEL_NAME, CHAMPION, before)
    challenge(client, int(current.version))
    return int(current.version), int(before)


def model_digest(model: ForecastModel) -> str:
    """Return a SHA-256 over the files of the model's bundle."""
    with tempfile.TemporaryDirectory() as folder:
        model.save(Path(folder))
        return folder_digest(Path(folder))


def folder_digest(folder: Path) -> str:
    """Return a SHA-256 over the names and contents of a folder's files."""
    digest = hashlib.sha256()
    for path in sorted(folder.iterdir()):
        digest.update(f"{path.name}\0{path.stat().st_size}\0".encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _version_of(client: "MlflowClient", alias: str) -> "ModelVersion | None":
    from mlflow.exceptions import MlflowException  # noqa: PLC0415 - see ml.lifecycle.tracking

    try:
        return client.get_model_version_by_alias(MODEL_NAME, alias)
    except MlflowException as error:
        if error.error_code in {"RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE"}:
            return None
        raise


def _ensure_registered_model(client: "MlflowClient") -> None:
    from mlflow.exceptions import MlflowException  # noqa: PLC0415 - see ml.lifecycle.tracking

    try:
        client.create_registered_model(MODEL_NAME, description=DESCRIPTION)
    except MlflowException as error:
        if error.error_code != "RESOURCE_ALREADY_EXISTS":
            raise


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
