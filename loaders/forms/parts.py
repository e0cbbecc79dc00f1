"""What a source is made of, whatever its form, on the way to ``raw``."""

from dataclasses import dataclass, field
from typing import Final

import numpy as np
import numpy.typing as npt
import polars as pl

from loaders.terms.hashes import Hashes, hashes_of

ROW_SCHEMA: Final = {"filename": pl.String(), "id": pl.Int32(), "geometry": pl.String()}


@dataclass(frozen=True, slots=True)
class Batch:
    """Rows that have the form of a row; what they say is still to be judged.

    Attributes:
        frame: ``filename`` String, ``id`` Int32 (not negative), ``geometry`` String (WKT in
            pixels of the chip); no nulls.
        lines: The line (of GeoJSON: the feature) of each row in its file, from 1; int64.
        source_file: The file, within its source.
        starts: The rows in which another filename begins; int64.
        hashes: Hash of each row's polygon text.
    """

    frame: pl.DataFrame
    lines: npt.NDArray[np.int64]
    source_file: str
    starts: npt.NDArray[np.int64] = field(init=False)
    hashes: Hashes = field(init=False)

    def __post_init__(self) -> None:
        """Look at every row once, in the thread that parsed it."""
        names = self.frame["filename"]
        is_start = np.ones(len(names), dtype=np.bool_)
        is_start[1:] = (names[1:] != names[:-1]).to_numpy()
        object.__setattr__(self, "starts", np.flatnonzero(is_start))
        object.__setattr__(self, "hashes", hashes_of(self.frame["geometry"]))


@dataclass(frozen=True, slots=True)
class Rejection:
    """A row that cannot be loaded.

    Attributes:
        source_file: The file, within its source.
        line: Line or feature of the file, from 1; 0 where the whole file is meant.
        text: The line as it stands, bytes that are no UTF-8 shown escaped.
        reason: A phrase of ``loaders.terms.reasons`` and what was found.
        filename: The image it belongs to, where that can be told.
        is_of_mask: It is of a mask whose image is known, and takes nothing from that image's rows.
    """

    source_file: str
    line: int
    text: str
    reason: str
    filename: str | None = None
    is_of_mask: bool = False


@dataclass(frozen=True, slots=True)
class KnownImage:
    """An image that the source has; without a row of it, it is known but not observed."""

    filename: str
    source_file: str


@dataclass(frozen=True, slots=True)
class Mask:
    """The unusable areas of one image.

    Attributes:
        filename: The image.
        polygons: WKT in longitude and latitude (CRS84), as they stand in the file.
        source_file: The file, within its source.
        is_lost: Nothing of it can be loaded: unreadable, which is not the same as empty.
    """

    filename: str
    polygons: tuple[str, ...]
    source_file: str
    is_lost: bool = False


Part = Batch | Rejection | KnownImage | Mask


def row_text(filename: str, number: object, geometry: str) -> str:
    """Return a row as its line of a CSV, fit to be stored by PostgreSQL (which takes no NUL)."""
    quoted = geometry.replace('"', '""')
    return f'{filename},{number},"{quoted}"'.replace("\x00", "\\x00")
