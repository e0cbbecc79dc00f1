"""The model that is served: loaded from the package, and followed when a newer one is packaged.

Packages of one store lie side by side, and the file ``latest`` beside them names the newest, which
is the champion's. A service that was copied out of a store, into an image for example, follows
nothing.
"""

import asyncio
import logging
import os
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Final

from ml.model.chip_model import ForecastModel
from ml.model.errors import BundleError

logger = logging.getLogger(__name__)

BUNDLE_FOLDER: Final = Path(__file__).resolve().parents[2] / "model"
"""Where the package holds the model; ``SN7_MODEL_BUNDLE`` names another place."""

LATEST: Final = "latest"
_BUNDLE_IN_PACKAGE: Final = Path("src") / "model"

Use = Callable[[ForecastModel], Awaitable[None]]


def load_model() -> ForecastModel:
    """Load the package's model.

    Raises:
        BundleError: A file is missing or is not what it should be.
    """
    return ForecastModel.load(Path(os.environ.get("SN7_MODEL_BUNDLE", BUNDLE_FOLDER)))


class Follower:
    """Looks for a newer package every few seconds.

    Args:
        packages: The folder of packages, with its file ``latest``.
        seconds: Between two looks.
        use: Called with the model of a package that has become the latest.
    """

    def __init__(self, packages: Path, *, seconds: float, use: Use) -> None:
        self._packages = packages
        self._seconds = seconds
        self._use = use
        self._seen = self._latest()

    async def run(self) -> None:
        """Follow until cancelled; a package that cannot be read changes nothing and is said."""
        while True:
            await asyncio.sleep(self._seconds)
            latest = self._latest()
            if latest is None or latest == self._seen:
                continue
            self._seen = latest
            try:
                folder = self._packages / latest / _BUNDLE_IN_PACKAGE
                model = await asyncio.to_thread(ForecastModel.load, folder)
            except BundleError as error:
                logger.warning("package %s is not served: %s", latest, error)
                continue
            try:
                await self._use(model)
            except Exception:
                # Whatever is wrong with it, the model before goes on, and a later one may be right.
                logger.exception("package %s is not served", latest)
                continue
            logger.info("serving model version %s of package %s", model.manifest.version, latest)

    def _latest(self) -> str | None:
        try:
            return (self._packages / LATEST).read_text("utf-8").strip() or None
        except OSError:
            return None


def own_packages() -> Path | None:
    """Return the folder of packages that this code lies in, if it was started from a store."""
    packages = BUNDLE_FOLDER.parents[2]
    return packages if (packages / LATEST).is_file() else None
