"""Footprint numbers for the rows of one image, and the way back if a polygon proves bad."""

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from loaders.assembly.chips import NO_POLYGON, Chip, Image, Integers, Numbers, Slots
from loaders.terms.hashes import Hashes

Rows = npt.NDArray[np.int64]


@dataclass(slots=True)
class Group:
    """Rows of one image within a batch, in the order of the file."""

    image: Image
    rows: Rows


@dataclass(frozen=True, slots=True)
class Placed:
    """Rows of an image that got their slot."""

    image: Image
    slots: Slots


@dataclass(frozen=True, slots=True)
class First:
    """First polygons of buildings, and the rows that brought them."""

    image: Image
    slots: Slots
    rows: Rows


@dataclass(frozen=True, slots=True)
class Later:
    """A further polygon of a building, and the row that brought it."""

    image: Image
    slot: int
    polygon: int
    row: int
    number: int


@dataclass(slots=True)
class Attempt:
    """One pass over a batch: what it found, and what it did to the state.

    Attributes:
        numbers: Footprint number of each row of the batch; 0 for a row that is not loaded.
        duplicates: Rows whose key was read before; True where the polygon differs.
    """

    numbers: Numbers
    placed: list[Placed] = field(default_factory=list)
    first: list[First] = field(default_factory=list)
    later: list[Later] = field(default_factory=list)
    duplicates: dict[int, bool] = field(default_factory=dict)

    def number(self, group: Group, ids: Integers, hashes: Hashes) -> None:
        """Give each row of a group its footprint number, or note it as a duplicate.

        Args:
            group: The image and the rows.
            ids: Building ids of these rows.
            hashes: Hashes of their polygons.
        """
        image = group.image
        slots = image.chip.slots(ids)
        image.make_room()
        if _take_slots(image, slots):
            self.placed.append(Placed(image, slots))
            numbers = self._numbers(group, slots, hashes)
            image.numbers[slots] = numbers
            self.numbers[group.rows] = numbers
        else:
            self._number_one_by_one(group, slots, hashes)

    def new_rows(self) -> Rows:
        """Return the rows that brought a new polygon."""
        later = np.array([later.row for later in self.later], dtype=np.int64)
        return np.concatenate([*(first.rows for first in self.first), later])

    def new_chip_keys(self) -> Integers:
        """Return the chips of ``new_rows``."""
        chips = [first.image.name.chip_key for first in self.first]
        chips += [later.image.name.chip_key for later in self.later]
        counts = [len(first.rows) for first in self.first] + [1] * len(self.later)
        return np.repeat(np.array(chips, dtype=np.int32), counts)

    def undo(self) -> None:
        """Put the state back to where it was before the pass."""
        for placed in self.placed:
            placed.image.numbers[placed.slots] = 0
            placed.image.row_count -= len(placed.slots)
        for later in reversed(self.later):
            later.image.chip.forget_later(later.slot, later.polygon)
        for first in self.first:
            first.image.chip.forget_first(first.slots)

    def _numbers(self, group: Group, slots: Slots, hashes: Hashes) -> Numbers:
        chip = group.image.chip
        known = chip.first_hashes[slots]
        numbers = np.ones(len(slots), dtype=np.int16)
        unequal = np.flatnonzero(known != hashes)
        if unequal.size:
            is_free = known[unequal] == NO_POLYGON
            self._add_first(group, unequal[is_free], slots, hashes)
            for at in unequal[~is_free].tolist():
                row = int(group.rows[at])
                numbers[at] = self._later(chip, group.image, int(slots[at]), int(hashes[at]), row)
        return numbers

    def _add_first(self, group: Group, at: Rows, slots: Slots, hashes: Hashes) -> None:
        if at.size:
            group.image.chip.add_first(slots[at], hashes[at])
            self.first.append(First(group.image, slots[at], group.rows[at]))

    def _later(self, chip: Chip, image: Image, slot: int, polygon: int, row: int) -> int:
        number = chip.number_of(slot, polygon)
        if number is None:
            number = chip.add_later(slot, polygon)
            self.later.append(Later(image, slot, polygon, row, number))
        return number

    def _number_one_by_one(self, group: Group, slots: Slots, hashes: Hashes) -> None:
        image = group.image
        for at, row in enumerate(group.rows.tolist()):
            slot = slots[at : at + 1]
            before = int(image.numbers[slot[0]])
            if before:
                known = image.chip.number_of(int(slot[0]), int(hashes[at]))
                self.duplicates[row] = known != before
                continue
            one = Group(image, group.rows[at : at + 1])
            image.row_count += 1
            self.placed.append(Placed(image, slot))
            numbers = self._numbers(one, slot, hashes[at : at + 1])
            image.numbers[slot] = numbers
            self.numbers[row] = numbers[0]


def _take_slots(image: Image, slots: Slots) -> bool:
    """Take the slots of new rows, unless one is taken already or named twice."""
    if image.numbers[slots].any():
        return False
    image.numbers[slots] = 1
    count = int(np.count_nonzero(image.numbers))
    if count - image.row_count != len(slots):
        image.numbers[slots] = 0
        return False
    image.row_count = count
    return True
