"""What a load knows of each chip while it runs: footprints by building, rows by image.

A building keeps its polygon to the letter, so a row is nearly always "the first polygon of
building n, once more". That is one look into an array: slot n of the chip holds the hash of the
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
Slots = npt.NDArray[np.int64]
ImageKey = tuple[int, int]
"""``chip_key`` and ``time_key``."""
Element = TypeVar("Element", bound=np.generic)

DENSE_IDS: Final = 2**17
"""Ids below this are their own slot; the few above get the next free slot."""

NO_POLYGON: Final = 0
DROPPED_POLYGON: Final = 1
"""Stands for a first polygon that the warehouse no longer has, so that number 1 stays taken."""


@dataclass(slots=True)
class Chip:
    """The footprints of one chip, by the slot of their building.

    Attributes:
        first_hashes: Hash of the first polygon of the building at each slot.
        later: Number of each further polygon, by a hash of slot and polygon: a tracker may have
            one for every month, and pairs would take twice the memory.
        highest: Highest number of the buildings that have more than one polygon.
        sparse: Slot of each id that is no slot itself.
    """

    first_hashes: Hashes = field(default_factory=lambda: np.zeros(0, dtype=np.uint64))
    later: dict[int, int] = field(default_factory=dict)
    highest: dict[int, int] = field(default_factory=dict)
    sparse: dict[int, int] = field(default_factory=dict)

    def slots(self, ids: Integers) -> Slots:
        """Return the slot of each building, with room made for all of them."""
        slots = ids.astype(np.int64)
        for row in np.flatnonzero(slots >= DENSE_IDS).tolist():
            next_free = DENSE_IDS + len(self.sparse)
            slots[row] = self.sparse.setdefault(int(ids[row]), next_free)
        self.first_hashes = grown(self.first_hashes, int(slots.max(initial=-1)) + 1)
        return slots

    def ids(self, slots: Slots) -> Integers:
        """Return the building id of each slot."""
        ids = slots.astype(np.int32)
        beyond = np.flatnonzero(slots >= DENSE_IDS)
        if beyond.size:
            known = np.fromiter(self.sparse, dtype=np.int32, count=len(self.sparse))
            ids[beyond] = known[slots[beyond] - DENSE_IDS]
        return ids

    def remember(self, ids: Integers, numbers: Numbers, hashes: Hashes) -> None:
        """Take in the footprints that the warehouse already has."""
        slots = self.slots(ids)
        is_first = numbers == 1
        self.first_hashes[slots] = DROPPED_POLYGON
        self.first_hashes[slots[is_first]] = hashes[is_first]
        for row in np.flatnonzero(~is_first).tolist():
            slot, number = int(slots[row]), int(numbers[row])
            self.later[hash((slot, int(hashes[row])))] = number
            self.highest[slot] = max(number, self.highest.get(slot, 1))

    def number_of(self, slot: int, polygon: int) -> int | None:
        """Return the footprint number of a polygon's hash, or None if it is new."""
        if self.first_hashes[slot] == polygon:
            return 1
        return self.later.get(hash((slot, polygon)))

    def add_first(self, slots: Slots, polygons: Hashes) -> None:
        """Take in the first polygons of buildings that had none."""
        self.first_hashes[slots] = polygons

    def forget_first(self, slots: Slots) -> None:
        """Undo ``add_first``."""
        self.first_hashes[slots] = NO_POLYGON

    def add_later(self, slot: int, polygon: int) -> int:
        """Give a further polygon of a building its number."""
        number = self.highest.get(slot, 1) + 1
        self.highest[slot] = number
        self.later[hash((slot, polygon))] = number
        return number

    def forget_later(self, slot: int, polygon: int) -> None:
        """Undo the newest ``add_later`` of a building."""
        self.highest[slot] = self.later.pop(hash((slot, polygon))) - 1


@dataclass(slots=True)
class Image:
    """The rows of one image that were read so far.

    Attributes:
        name: The parsed filename.
        chip: Its chip.
        numbers: Footprint number of the building at each slot of the chip; 0 for no row.
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
        """Make ``numbers`` as long as the chip has slots."""
        self.numbers = grown(self.numbers, len(self.chip.first_hashes))

    def rows(self) -> "ImageRows":
        """Return all rows so far, as they are now."""
        slots = np.flatnonzero(self.numbers)
        ids, numbers = self.chip.ids(slots), self.numbers[slots]
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
