"""Examples straight from a plan of the generator: no polygons, no warehouse, seconds not minutes.

What a month's image shows is taken to be what stands: no clouds, no late corrections. Areas are
those of equal buildings. AOIs are the generator's regions, whose chips share a part of their drift.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from ml.data.examples import ChipMonths, Examples, examples_of
from ml.data.histories import outcomes
from ml.model.grid import Target
from ml.model.history import History, features_of
from ml.model.matrix import FeatureMatrix, FloatArray, IntArray
from ml.model.past import Past, chip_features, history_features
from synthetic.planning.facts import CALENDAR
from synthetic.planning.plan import Plan
from synthetic.planning.surroundings import regions

BUILDING_M2: Final = 100.0
"""Size of every building."""


@dataclass(frozen=True, slots=True)
class Panel:
    """Examples of a plan, and where they stand in it.

    Attributes:
        examples: As the warehouse would give them.
        position: Of the as-of month in the plan's calendar, shape (rows,).
    """

    examples: Examples
    position: IntArray


def panel(plan: Plan) -> Panel:
    """Return the examples of all chips of ``plan``; a chip's key is its index."""
    histories = [
        History(np.array(made.chip.observed), made.standing[list(made.chip.observed)].astype(float))
        for made in plan.chips
    ]
    lat = np.array([made.chip.latitude for made in plan.chips])
    aoi = np.array(regions(tuple(made.chip for made in plan.chips)))
    return panel_of(histories, lat=lat, aoi=aoi)


def panel_of(histories: Sequence[History], *, lat: FloatArray, aoi: IntArray) -> Panel:
    """Return the examples of histories whose months are positions in the generator's calendar.

    Args:
        histories: One per chip.
        lat: Latitude of each chip, degrees.
        aoi: Key of each chip's AOI.
    """
    chip = np.repeat(np.arange(len(histories)), [len(history.months) for history in histories])
    position = np.concatenate([history.months for history in histories])
    own = features_of(
        [
            known
            for history in histories
            for month in history.months
            if (known := history.until(int(month))) is not None
        ]
    )
    as_of = np.array(CALENDAR)[position]
    columns = dict(zip(own.names, own.values.T, strict=True))
    columns |= {"month": as_of % 100, "lat": lat[chip]} | _aoi_sums(own, aoi[chip], position)
    columns |= _areas(own)
    names = chip_features()
    features = FeatureMatrix(names, np.column_stack([columns[name] for name in names]))
    months = ChipMonths(chip, aoi[chip], as_of, features)
    place, horizon, change = outcomes(chip, position, own.column("known_count"))
    changes = np.column_stack([change, change * BUILDING_M2])
    return Panel(examples_of(months, place, horizon, changes), position[place])


def _areas(own: FeatureMatrix) -> dict[str, FloatArray]:
    pairs = zip(history_features(Target.COUNT), history_features(Target.AREA), strict=False)
    areas = {area: own.column(count) * BUILDING_M2 for count, area in pairs if count != area}
    return areas | {"mean_area_m2": np.full(len(own), BUILDING_M2)}


def _aoi_sums(own: FeatureMatrix, aoi: IntArray, position: IntArray) -> dict[str, FloatArray]:
    """Return change and building-months of the AOI's other chips that were observed then."""
    past = Past.of(own)
    month = aoi * len(CALENDAR) + position
    sums = {}
    for name, amount in (
        ("aoi_net_change", past.change),
        ("aoi_building_months", past.exposure),
    ):
        total = np.bincount(month, weights=amount)
        sums[name] = total[month] - amount
    return sums
