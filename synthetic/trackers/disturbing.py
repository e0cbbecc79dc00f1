"""Labels of one chip into what a tracker would say of it."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import shapely

from synthetic.steady import Bools, Floats, Ints, normal
from synthetic.trackers.styles import Errors

FIRST_ID: Final = 1000
"""Added to a building's id: a tracker does not know the ids of the labels."""
_DECIMALS: Final = 6
_TILE: Final = 1024
_GHOST_SIDES: Final = (2.0, 8.0)
_LEAST_SCALE: Final = 0.2


@dataclass(frozen=True, slots=True)
class Labels:
    """Rows of one chip.

    Attributes:
        months: How many months it has.
        month: Of each row, from 0.
        building_id: Of each row.
        footprint: Position of its polygon.
        polygons: The distinct polygons, shapely.
    """

    months: int
    month: Ints
    building_id: Ints
    footprint: Ints
    polygons: npt.NDArray[np.object_]


@dataclass(frozen=True, slots=True)
class Predictions:
    """What the tracker says, by month: one element per prediction."""

    month: Ints
    identity: Ints
    text: npt.NDArray[np.object_]


@dataclass(frozen=True, slots=True)
class _Lives:
    """What goes wrong with whole buildings: of each, in the order of ids."""

    is_overlooked: Bools
    told_from: Ints
    split_from: Ints
    switched_from: Ints


def disturb(labels: Labels, errors: Errors, rng: np.random.Generator) -> Predictions:
    """Move, miss, invent, delay, split and rename buildings.

    Args:
        labels: Rows by month, at least one.
        errors: How often and how far.
        rng: Where chance comes from; the same state gives the same predictions.
    """
    ids, building = np.unique(labels.building_id, return_inverse=True)
    lives = _draw_lives(labels, building, len(ids), errors, rng)
    blank = rng.random(labels.months) < errors.blank_months
    row_is_missed = rng.random(len(building)) < errors.missed
    shift = normal(rng, (len(building), 2)) * errors.moved
    scale = np.maximum(1 + normal(rng, len(building)) * errors.scaled, _LEAST_SCALE)
    said = ~(
        lives.is_overlooked[building]
        | (labels.month < lives.told_from[building])
        | blank[labels.month]
        | row_is_missed
    )
    is_half = said & (labels.month >= lives.split_from[building])
    rows = np.concatenate((np.flatnonzero(said), np.flatnonzero(is_half)))
    second = np.arange(len(rows)) >= said.sum()
    number = building[rows]
    is_switched = labels.month[rows] >= lives.switched_from[number]
    after = FIRST_ID + int(ids[-1]) + 1
    identity = FIRST_ID + ids[number]
    identity[is_switched] = after + number[is_switched]
    identity[second] = after + len(ids) + number[second]
    side = np.where(is_half[rows], np.where(second, 1, -1), 0)
    text = _texts(labels.polygons[labels.footprint[rows]], shift[rows], scale[rows], side)
    ghosts = _invent(labels.months, len(ids), after + 2 * len(ids), errors, rng, blank)
    month = np.concatenate((labels.month[rows], ghosts.month))
    order = np.argsort(month, kind="stable")
    return Predictions(
        month[order],
        np.concatenate((identity, ghosts.identity))[order],
        np.concatenate((text, ghosts.text))[order],
    )


def _draw_lives(
    labels: Labels, building: Ints, count: int, errors: Errors, rng: np.random.Generator
) -> _Lives:
    first = np.full(count, labels.months)
    np.minimum.at(first, building, labels.month)
    never = labels.months

    def starting(share: float) -> Ints:
        """Draw who is concerned, and from which month after its first on."""
        month = first + 1 + np.floor(rng.random(count) * (never - first)).astype(np.int64)
        return np.where(rng.random(count) < share, month, never)

    delay = 1 + np.floor(rng.random(count) * errors.most_late).astype(np.int64)
    is_late = (rng.random(count) < errors.late) & (first > 0)
    return _Lives(
        is_overlooked=rng.random(count) < errors.overlooked,
        told_from=np.where(is_late, first + delay, first),
        split_from=starting(errors.split),
        switched_from=starting(errors.switched),
    )


def _texts(
    polygons: npt.NDArray[np.object_], shift: Floats, scale: Floats, side: Ints
) -> npt.NDArray[np.object_]:
    """Scale polygons about their middle and move them; -1 and 1 give the two halves."""
    points, of = shapely.get_coordinates(polygons, return_index=True)
    bounds = shapely.bounds(polygons)
    middle = (bounds[:, :2] + bounds[:, 2:]) / 2
    width = bounds[:, 2] - bounds[:, 0]
    scales = np.column_stack((np.where(side == 0, scale, scale / 2), scale))
    moved = middle + shift
    moved[:, 0] += side * width / 4
    placed = moved[of] + (points - middle[of]) * scales[of]
    return _written(shapely.set_coordinates(polygons.copy(), placed.round(_DECIMALS)))


def _invent(
    months: int,
    buildings: int,
    first_id: int,
    errors: Errors,
    rng: np.random.Generator,
    blank: Bools,
) -> Predictions:
    """Draw boxes where nothing is, each in one place over some months."""
    count = int(np.floor(buildings * errors.invented + rng.random()))
    begin = np.floor(rng.random(count) * months).astype(np.int64)
    end = begin + 1 + np.floor(rng.random(count) * (months - begin)).astype(np.int64)
    low, high = _GHOST_SIDES
    corner = (rng.random((count, 2)) * (_TILE - high)).round(_DECIMALS)
    side = (low + rng.random((count, 2)) * (high - low)).round(_DECIMALS)
    far = (corner + side).round(_DECIMALS)
    texts = _written(shapely.box(corner[:, 0], corner[:, 1], far[:, 0], far[:, 1]))
    every = np.arange(months)
    ghost, month = np.nonzero((every >= begin[:, None]) & (every < end[:, None]) & ~blank)
    return Predictions(month.astype(np.int64), first_id + ghost, texts[ghost])


def _written(polygons: npt.NDArray[np.object_]) -> npt.NDArray[np.object_]:
    return np.asarray(shapely.to_wkt(polygons, rounding_precision=_DECIMALS), dtype=np.object_)
