"""What a source is made of, whatever its form, on the way to ``raw``."""

from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import numpy.typing as npt
import polars as pl

from loaders.terms.hashes import Hashes, hashes_of
from loaders.terms.other_forms import OtherForm

ROW_SCHEMA: Final = {"filename": pl.String(), "id": pl.Int32(), "geometry": pl.String()}


Rows = npt.NDArray[np.int64]
Truths = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class FileLines:
    """Where lines stand that were read together: those of one file, or of several small ones.

    Attributes:
        names: The files, within their source, in the order of their lines.
        first_lines: Number of the first line of each within its file.
        starts: How many lines stand before each; the first is 0.
    """

    names: tuple[str, ...]
    first_lines: tuple[int, ...] = (1,)
    starts: tuple[int, ...] = (0,)

    def place(self, line: int) -> tuple[str, int]:
        """Return the file of a line, counted from 0 over all of them, and its number there."""
        at = bisect_right(self.starts, line) - 1
        return self.names[at], self.first_lines[at] + line - self.starts[at]


@dataclass(frozen=True, slots=True)
class Batch:
    """Rows that have the form of a row; what they say is still to be judged.

    Attributes:
        frame: ``filename`` String, ``id`` Int32 (not negative), ``geometry`` String (WKT in
            pixels of the chip); no nulls.
        lines: The line (of GeoJSON: the feature) of each row within ``files``, from 0; int64.
        files: The file of these lines, or the files.
        forms: Which rows had another form with the same meaning, by kind.
        starts: The rows in which another filename begins; int64.
        hashes: Hash of each row's polygon text.
    """

    frame: pl.DataFrame
    lines: Rows
    files: FileLines
    forms: Mapping[OtherForm, Truths] = field(default_factory=dict)
    starts: Rows = field(init=False)
    hashes: Hashes = field(init=False)

    def __post_init__(self) -> None:
        """Look at every row once, in the thread that parsed it."""
        names = self.frame["filename"]
        is_start = names.ne_missing(names.shift()).to_numpy()
        object.__setattr__(self, "starts", np.flatnonzero(is_start))
        object.__setattr__(self, "hashes", hashes_of(self.frame["geometry"]))

    def take(self, rows: Truths) -> "Batch":
        """Return these rows alone."""
        forms = {form: mask[rows] for form, mask in self.forms.items()}
        return Batch(self.frame.filter(rows), self.lines[rows], self.files, forms)


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
class Rejections:
    """Rows that cannot be loaded, as many as were found together."""

    rows: list[Rejection]


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


Part = Batch | Rejections | KnownImage | Mask


def row_text(filename: str, number: object, geometry: str) -> str:
    """Return a row as its line of a CSV, fit to be stored by PostgreSQL (which takes no NUL)."""
    quoted = geometry.replace('"', '""')
    return f'{filename},{number},"{quoted}"'.replace("\x00", "\\x00")
