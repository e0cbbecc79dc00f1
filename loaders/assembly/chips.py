"""What a load knows of each chip while it runs: footprints by building, rows by image.

A building keeps its polygon to the letter, so a row is nearly always "the first polygon of
building n, once more". That is one look into an array: place n of the chip holds the hash of the
first polygon. Later polygons of a building are few and stand in a dictionary.
"""

import hashlib
from dataclasses import dataclass, field
from typing import Final, TypeVar

import numpy as np
import numpy.typing as npt

from loaders.terms.hashes import Hashes
from loaders.terms.names import ImageName

Integers = npt.NDArray[np.int32]
Numbers = npt.NDArray[np.int16]
Places = npt.NDArray[np.int64]
ImageKey = tuple[int, int]
"""``chip_key`` and ``time_key``."""
Element = TypeVar("Element", bound=np.generic)

DENSE_IDS: Final = 2**17
"""Ids below this are their own place; the few above get the next free place."""

NO_POLYGON: Final = 0
DROPPED_POLYGON: Final = 1
"""Stands for a first polygon that the warehouse no longer has, so that number 1 stays taken."""


@dataclass(slots=True)
class Chip:
    """The footprints of one chip, by the place of their building.

    Attributes:
        first_hashes: Hash of the first polygon of the building at each place.
        later: Number of each further polygon, by place and hash.
        highest: Highest number of the buildings that have more than one polygon.
        sparse: Place of each id that is no place itself.
    """

    first_hashes: Hashes = field(default_factory=lambda: np.zeros(0, dtype=np.uint64))
    later: dict[tuple[int, int], int] = field(default_factory=dict)
    highest: dict[int, int] = field(default_factory=dict)
    sparse: dict[int, int] = field(default_factory=dict)

    def places(self, ids: Integers) -> Places:
        """Return the place of each building, with room made for all of them."""
        places = ids.astype(np.int64)
        for row in np.flatnonzero(places >= DENSE_IDS).tolist():
            next_free = DENSE_IDS + len(self.sparse)
            places[row] = self.sparse.setdefault(int(ids[row]), next_free)
        self.first_hashes = grown(self.first_hashes, int(places.max(initial=-1)) + 1)
        return places

    def ids(self, places: Places) -> Integers:
        """Return the building id of each place."""
        ids = places.astype(np.int32)
        beyond = np.flatnonzero(places >= DENSE_IDS)
        if beyond.size:
            known = np.fromiter(self.sparse, dtype=np.int32, count=len(self.sparse))
            ids[beyond] = known[places[beyond] - DENSE_IDS]
        return ids

    def remember(self, ids: Integers, numbers: Numbers, hashes: Hashes) -> None:
        """Take in the footprints that the warehouse already has."""
        places = self.places(ids)
        is_first = numbers == 1
        self.first_hashes[places] = DROPPED_POLYGON
        self.first_hashes[places[is_first]] = hashes[is_first]
        for row in np.flatnonzero(~is_first).tolist():
            place, number = int(places[row]), int(numbers[row])
            self.later[place, int(hashes[row])] = number
            self.highest[place] = max(number, self.highest.get(place, 1))

    def number_of(self, place: int, polygon: int) -> int | None:
        """Return the footprint number of a polygon's hash, or None if it is new."""
        if self.first_hashes[place] == polygon:
            return 1
        return self.later.get((place, polygon))

    def add_first(self, places: Places, polygons: Hashes) -> None:
        """Take in the first polygons of buildings that had none."""
        self.first_hashes[places] = polygons

    def forget_first(self, places: Places) -> None:
        """Undo ``add_first``."""
        self.first_hashes[places] = NO_POLYGON

    def add_later(self, place: int, polygon: int) -> int:
        """Give a further polygon of a building its number."""
        number = self.highest.get(place, 1) + 1
        self.highest[place] = number
        self.later[place, polygon] = number
        return number

    def forget_later(self, place: int, polygon: int) -> None:
        """Undo the newest ``add_later`` of a building."""
        self.highest[place] = self.later.pop((place, polygon)) - 1


@dataclass(slots=True)
class Image:
    """The rows of one image that were read so far.

    Attributes:
        name: The parsed filename.
        chip: Its chip.
        numbers: Footprint number of the building at each place of the chip; 0 for no row.
        row_count: How many rows.
        rejected_count: How many of its rows, or files, cannot be loaded.
    """

    name: ImageName
    chip: Chip
    numbers: Numbers = field(default_factory=lambda: np.zeros(0, dtype=np.int16))
    row_count: int = 0
    rejected_count: int = 0

    @property
    def key(self) -> ImageKey:
        """``chip_key`` and ``time_key``."""
        return self.name.chip_key, self.name.time_key

    @property
    def is_lost(self) -> bool:
        """Whether the source has rows of it of which none can be loaded: unreadable, not empty."""
        return self.rejected_count > 0 and self.row_count == 0

    def make_room(self) -> None:
        """Make ``numbers`` as long as the chip has places."""
        self.numbers = grown(self.numbers, len(self.chip.first_hashes))

    def rows(self) -> "ImageRows":
        """Return all rows so far, as they are now."""
        places = np.flatnonzero(self.numbers)
        ids, numbers = self.chip.ids(places), self.numbers[places]
        if self.chip.sparse:
            order = np.argsort(ids, kind="stable")
            ids, numbers = ids[order], numbers[order]
        return ImageRows(*self.key, ids, numbers)


@dataclass(frozen=True, slots=True)
class ImageRows:
    """The rows of an image as the warehouse keeps them: two arrays, by building id.

    Attributes:
        chip_key: The chip.
        time_key: The month.
        building_ids: Buildings; int32.
        footprint_nos: Numbers of their polygons; int16.
    """

    chip_key: int
    time_key: int
    building_ids: Integers
    footprint_nos: Numbers

    def __len__(self) -> int:
        """Return how many rows."""
        return len(self.building_ids)

    def digest(self) -> bytes:
        """Return a digest that is equal if and only if the rows are."""
        digest = hashlib.sha256(self.building_ids.astype("<i4").tobytes())
        digest.update(self.footprint_nos.astype("<i2").tobytes())
        return digest.digest()


def grown(array: npt.NDArray[Element], length: int) -> npt.NDArray[Element]:
    """Return the array with at least ``length`` elements, new ones 0."""
    if len(array) >= length:
        return array
    longer = np.zeros(max(length, len(array) * 3 // 2), dtype=array.dtype)
    longer[: len(array)] = array
    return longer
