"""Features of a vector file, read by pyogrio: geometries as WKB and properties as columns."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy.typing as npt
import pyogrio
from pyogrio.errors import DataLayerError, DataSourceError

Wkb = bytes | None


class UnreadableFileError(Exception):
    """A vector file that cannot be read; the message says why."""


@dataclass(frozen=True, slots=True)
class Features:
    """The features of one layer.

    Attributes:
        geometries: WKB of each, or None.
        properties: One column per property, as long as ``geometries``.
        crs: ``EPSG:<code>`` or WKT; None where the file names none.
    """

    geometries: list[Wkb]
    properties: dict[str, npt.NDArray[Any]]
    crs: str | None


def read_features(file: Path | bytes, *, layer: str | None = None) -> Features:
    """Read one layer of a vector file.

    Args:
        file: A path, or the content of a file.
        layer: Its name; without it, the first one.

    Raises:
        UnreadableFileError: It is of no form that GDAL reads, or damaged.
    """
    try:
        meta, _, geometries, columns = pyogrio.raw.read(file, layer=layer)
    except (DataSourceError, DataLayerError, ValueError) as error:
        raise UnreadableFileError(str(error).splitlines()[0]) from error
    if geometries is None:
        raise UnreadableFileError("it has no geometries")
    properties = dict(zip(meta["fields"].tolist(), columns, strict=True))
    return Features(geometries.tolist(), properties, meta["crs"])
