"""The registered models: which is champion, which is challenger, and the way back.

There are two lines of models, of chips and of cells, with one life. Every model that was trained is
a version of its line. ``champion`` is the one in use; ``challenger`` the last one that did not take
its place. A version says what it replaced, so that a rollback finds it.
"""

import hashlib
import logging
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final, Generic, Protocol, Self, TypeVar

from ml.errors import RegistryError
from ml.lifecycle.logged_model import bundle_folder
from ml.lifecycle.tracking import mlflow_client
from ml.model.cell_model import CellModel
from ml.model.chip_model import ForecastModel
from ml.model.errors import BundleError

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities.model_registry import ModelVersion

logger = logging.getLogger(__name__)

CHAMPION: Final = "champion"
CHALLENGER: Final = "challenger"

DIGEST: Final = "model_digest"
DATA_DIGEST: Final = "data_digest"
DATA_KIND: Final = "data_kind"
_REPLACED: Final = "replaced_version"
_ROLLED_BACK: Final = "rolled_back_at"
_PROMOTED: Final = "promoted_at"

_USE: Final = (
    "`champion` is in use, `challenger` did not take its place; `python -m ml rollback` goes back "
    "one champion."
)


class Bundled(Protocol):
    """A model that is kept as a bundle."""

    def save(self, folder: Path) -> None:
        """Write the bundle."""

    def with_version(self, version: int) -> Self:
        """Return the same model under its version."""

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read a bundle."""


Model = TypeVar("Model", bound=Bundled)


@dataclass(frozen=True, slots=True)
class Registered(Generic[Model]):
    """A version of the registry whose model can be read.

    Attributes:
        version: Its number.
        model: The model of its bundle.
        run_id: The run that trained it.
        tags: What was written down with it.
    """

    version: int
    model: Model
    run_id: str
    tags: Mapping[str, str]

    @property
    def was_rolled_back(self) -> bool:
        """A person took it out of use, so no training puts it back."""
        return _ROLLED_BACK in self.tags


@dataclass(frozen=True, slots=True)
class Line(Generic[Model]):
    """Models that follow each other under one registered name.

    Attributes:
        name: The registered name.
        model: Their class.
        description: For people.
    """

    name: str
    model: type[Model]
    description: str

    def read(self, version: "ModelVersion") -> Registered[Model]:
        """Read the bundle of a version.

        Raises:
            BundleError: It is not there, or of an older form.
        """
        number = int(version.version)
        model = self.model.load(bundle_folder(str(version.source))).with_version(number)
        return Registered(number, model, str(version.run_id), dict(version.tags))

    def champion(self) -> Registered[Model] | None:
        """Return the model in use; none where there is none or its bundle cannot be read."""
        return self.by_alias(mlflow_client(), CHAMPION)

    def by_alias(self, client: "MlflowClient", alias: str) -> Registered[Model] | None:
        """Return the model of an alias; none where there is none or it cannot be read."""
        version = self._version_of(client, alias)
        if version is None:
            return None
        try:
            return self.read(version)
        except BundleError as error:
            # The home was removed, or the bundle is of an older form: the next takes its place.
            logger.warning(
                "%s of %s, version %s, counts as none: %s", alias, self.name, version.version, error
            )
            return None

    def same_model(self, client: "MlflowClient", digest: str) -> Registered[Model] | None:
        """Return the newest readable version with just these files, or none."""
        versions = client.search_model_versions(
            f"name = '{self.name}' and tags.{DIGEST} = '{digest}'",
            order_by=["version_number DESC"],
        )
        for version in versions:
            try:
                return self.read(version)
            except BundleError:
                continue
        return None

    def register(
        self,
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
        self._ensure_registered_model(client)
        version = client.create_model_version(
            self.name, source, run_id=run_id, tags=dict(tags), description=description,
            model_id=model_id,
        )  # fmt: skip
        return int(version.version)

    def promote(self, client: "MlflowClient", version: int) -> None:
        """Make a version the champion; it keeps in mind which one it replaced."""
        before = self._version_of(client, CHAMPION)
        if before is not None and int(before.version) == version:
            return
        number = str(version)
        if before is not None:
            client.set_model_version_tag(self.name, number, _REPLACED, str(before.version))
        client.set_model_version_tag(self.name, number, _PROMOTED, _now())
        client.set_registered_model_alias(self.name, CHAMPION, number)
        standing = self._version_of(client, CHALLENGER)
        if standing is not None and int(standing.version) == version:
            client.delete_registered_model_alias(self.name, CHALLENGER)

    def challenge(self, client: "MlflowClient", version: int) -> None:
        """Make a version the challenger: judged, kept, not in use."""
        client.set_registered_model_alias(self.name, CHALLENGER, str(version))

    def roll_back(self) -> tuple[int, int]:
        """Put the champion's predecessor back in use and return both numbers: from, to.

        Raises:
            RegistryError: There is no champion, no predecessor, or its files are gone.
        """
        client = mlflow_client()
        current = self._version_of(client, CHAMPION)
        if current is None:
            raise RegistryError(
                f"there is no champion of {self.name} to roll back; "
                "train one by `python -m ml train`"
            )
        before = current.tags.get(_REPLACED)
        if before is None:
            raise RegistryError(
                f"champion version {current.version} of {self.name} replaced none, so there is "
                "nothing to roll back to"
            )
        try:
            self.read(client.get_model_version(self.name, before))
        except BundleError as error:
            raise RegistryError(f"version {before} cannot take over again: {error}") from error
        client.set_model_version_tag(self.name, current.version, _ROLLED_BACK, _now())
        client.set_registered_model_alias(self.name, CHAMPION, before)
        self.challenge(client, int(current.version))
        return int(current.version), int(before)

    def _version_of(self, client: "MlflowClient", alias: str) -> "ModelVersion | None":
        from mlflow.exceptions import MlflowException  # noqa: PLC0415 - see ml.lifecycle.tracking

        try:
            return client.get_model_version_by_alias(self.name, alias)
        except MlflowException as error:
            if error.error_code in {"RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE"}:
                return None
            raise

    def _ensure_registered_model(self, client: "MlflowClient") -> None:
        from mlflow.exceptions import MlflowException  # noqa: PLC0415 - see ml.lifecycle.tracking

        try:
            client.create_registered_model(self.name, description=self.description)
        except MlflowException as error:
            if error.error_code != "RESOURCE_ALREADY_EXISTS":
                raise


CHIPS: Final = Line(
    "building-growth",
    ForecastModel,
    f"Net change of a chip's building count over the next months, as quantiles. {_USE}",
)
CELLS: Final = Line(
    "building-hot-spots",
    CellModel,
    f"How likely a building appears in a cell of a chip within the next months. {_USE}",
)


def champion() -> Registered[ForecastModel] | None:
    """Return the model of chips in use, which the service ships; none as ``Line.champion``."""
    return CHIPS.champion()


def model_digest(model: Bundled) -> str:
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


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
