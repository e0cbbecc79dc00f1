"""Rows of a chip as columns, in the order in which the warehouse keeps them.

Building by building, each by month: what reads a building's months (its key, its polygon, its
life) then finds them side by side, and an index on them needs no sort.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from loaders.assembly.chips import Image, Integers, Numbers


@dataclass(frozen=True, slots=True)
class Observations:
    """Loaded rows of one chip, one element each.

    Attributes:
        chip_key: The chip.
        time_keys: Months; int32.
        building_ids: Buildings; int32.
        footprint_nos: Numbers of their polygons; int16.
    """

    chip_key: int
    time_keys: Integers
    building_ids: Integers
    footprint_nos: Numbers

    def __len__(self) -> int:
        """Return how many rows."""
        return len(self.time_keys)


def by_chip(images: Iterable[Image]) -> dict[int, list[Image]]:
    """Sort images into their chips."""
    chips: dict[int, list[Image]] = {}
    for image in images:
        chips.setdefault(image.name.chip_key, []).append(image)
    return chips


def observations_of(images: Sequence[Image]) -> Observations:
    """Return all rows of a chip's images, by the building's slot in the chip, then by month.

    Args:
        images: Of one chip, at least one.
    """
    by_month = sorted(images, key=lambda image: image.name.time_key)
    numbers = np.zeros((max(len(image.numbers) for image in by_month), len(by_month)), np.int16)
    for column, image in enumerate(by_month):
        numbers[: len(image.numbers), column] = image.numbers
    slots, columns = np.nonzero(numbers)
    time_keys = np.array([image.name.time_key for image in by_month], np.int32)
    chip = by_month[0].chip
    return Observations(
        chip_key=by_month[0].name.chip_key,
        time_keys=time_keys[columns],
        building_ids=chip.ids(slots),
        footprint_nos=numbers[slots, columns],
    )
