"""The plan: how many buildings each chip has, gains, loses and hides in every month.

Whole numbers only, made before any building has a lot, so that the number of rows is exact
whatever the geometry does later: rows = standing - hidden under a mask - missing without a mask.
"""

from dataclasses import dataclass

import numpy as np

from synthetic.errors import SizeError
from synthetic.planning.facts import CALENDAR, ROWS, Chip, chips
from synthetic.planning.growth import MONTHS, MOST_GONE, Course, Start, course, lifts
from synthetic.planning.params import CloudParams, Params
from synthetic.planning.surroundings import region_drift, regions
from synthetic.steady import Floats, Ints, Purpose, evenly_normal, exp, normal, order, stream

FEWEST = 3
"""Buildings that a chip starts with at least, however small the data set."""
STEPS = 32
"""Tries to find the factor of the chips of unknown size; each halves what is left."""


@dataclass(frozen=True, slots=True)
class ChipPlan:
    """The planned counts of one chip, by position in the calendar.

    Attributes:
        chip: The chip.
        course: Its growth at the size of the real data.
        start: Buildings in the first observed month.
        births: New buildings per month.
        demolitions: Buildings that go per month.
        standing: Buildings that stand, whether seen or not.
        hidden: Buildings under the mask of the month; 0 where there is no mask.
        gaps: Buildings that are missing without a mask.
        full_size: Mean count at the size of the real data; what the pattern of lots follows.
    """

    chip: Chip
    course: Course
    start: int
    births: Ints
    demolitions: Ints
    standing: Ints
    hidden: Ints
    gaps: Ints
    full_size: float

    @property
    def rows(self) -> int:
        """Rows of the CSV."""
        seen = list(self.chip.observed)
        return int((self.standing - self.hidden - self.gaps)[seen].sum())


@dataclass(frozen=True, slots=True)
class Plan:
    """The plan of all chips.

    Attributes:
        chips: One plan per chip, ascending by name.
        scale: Buildings in relation to the real data.
        seed: Seed of the data set.
    """

    chips: tuple[ChipPlan, ...]
    scale: float
    seed: int

    @property
    def rows(self) -> int:
        """Rows of the CSV."""
        return sum(plan.rows for plan in self.chips)


def target_rows(scale: float) -> int:
    """Return the number of rows of a data set of ``scale`` times the real number of buildings."""
    return round(ROWS * scale)


def make_plan(scale: float, seed: int, tunables: Params) -> Plan:
    """Plan all chips so that their rows add up to ``target_rows(scale)``.

    Args:
        scale: Buildings in relation to the real data, above 0.
        seed: Seed of the data set.
        tunables: Rates and shares.

    Raises:
        SizeError: The scale is too small for 1,408 chip-months that each keep a row.
    """
    planner = _Planner(scale, seed, tunables)
    low, high = 0.2, 5.0
    for _ in range(STEPS):
        middle = (low + high) / 2
        if planner.plan(middle).rows < target_rows(scale):
            low = middle
        else:
            high = middle
    return _exact(planner.plan(low), target_rows(scale))


class _Planner:
    """Holds what does not depend on the factor of the chips of unknown size."""

    def __init__(self, scale: float, seed: int, tunables: Params) -> None:
        self.scale, self.seed, self.clouds = scale, seed, tunables.clouds
        self.chips = chips()
        self.sizes = _relative_sizes(self.chips, seed, tunables)
        ranks = np.empty(len(self.chips))
        ranks[order(self.sizes)] = np.arange(len(self.chips)) / (len(self.chips) - 1)
        own = zip(self.sizes, ranks, lifts(len(self.chips), seed, tunables.growth), strict=True)
        starts = [Start(float(size), float(rank), float(lift)) for size, rank, lift in own]
        where = regions(self.chips)
        drifts = {region: region_drift(region, seed, tunables.growth) for region in set(where)}
        self.courses = [
            course(chip, start, drifts[region], seed, tunables.growth)
            for chip, start, region in zip(self.chips, starts, where, strict=True)
        ]
        self.hidden = [hidden_shares(chip, seed, tunables.clouds) for chip in self.chips]
        self.most = tunables.sizes.largest
        self.made: dict[tuple[Chip, float], ChipPlan] = {}
        self.phases = [stream(seed, Purpose.SIZES, chip.index + 1).random(4) for chip in self.chips]

    def plan(self, factor: float) -> Plan:
        """Return the plan when chips of unknown size are ``factor`` times as large as drawn."""
        made = []
        for chip, path, hidden, size in zip(
            self.chips, self.courses, self.hidden, self.sizes, strict=True
        ):
            mean = _known_size(chip) or min(float(size) * factor, self.most)
            if (chip, mean) not in self.made:
                self.made[chip, mean] = self._chip_plan(chip, path, hidden, mean)
            made.append(self.made[chip, mean])
        return Plan(tuple(made), self.scale, self.seed)

    def _chip_plan(self, chip: Chip, path: Course, hidden: Floats, mean: float) -> ChipPlan:
        seen = list(chip.observed)
        shown = (path.standing * (1 - hidden - self._gap(chip)))[seen]
        times = mean / _mean(shown) * self.scale
        phase = self.phases[chip.index]
        births = _whole(path.births * times, phase[0])
        most = round(MOST_GONE * max(1.0, self.scale))
        demolitions = np.minimum(_whole(path.demolitions * times, phase[1]), most)
        walk = np.cumsum(births - demolitions)
        gaps = self._gaps(chip, path.standing * times, phase[2])
        unhidden = path.standing * (1 - self._gap(chip)) * times
        start = max(FEWEST, round(_mean((unhidden + gaps - walk)[seen])))
        standing = start + walk
        standing[: chip.first] = start
        masks = np.floor(hidden * standing + phase[3]).astype(np.int64)
        masks = np.where(hidden > 0, np.clip(masks, 0, standing - 1), 0)
        gaps = np.minimum(gaps, np.maximum(standing - masks - 2, 0))
        return ChipPlan(chip, path, start, births, demolitions, standing, masks, gaps, mean)

    def _gaps(self, chip: Chip, standing: Floats, phase: float) -> Ints:
        """Return how many buildings are missing without a mask."""
        seen, gaps = list(chip.observed)[1:], np.zeros(MONTHS, dtype=np.int64)
        amounts = (standing * self._gap(chip))[seen]
        steady = self._gap(chip) > self.clouds.gap
        gaps[seen] = np.floor(amounts + phase) if steady else _whole(amounts, phase)
        return gaps

    def _gap(self, chip: Chip) -> float:
        """Share missing without a mask: more where persistence is known to be low without one."""
        if chip.persistence is None or chip.masked or chip.persistence > 0.99:
            return self.clouds.gap
        return 0.8 * (1 - chip.persistence)


def _mean(values: Floats) -> float:
    return float(np.cumsum(values)[-1]) / len(values)


def _known_size(chip: Chip) -> float | None:
    return chip.mean_count or chip.some_count


def _relative_sizes(chips: tuple[Chip, ...], seed: int, tunables: Params) -> Floats:
    """Draw the mean counts of the chips without a known one; the others keep theirs."""
    sizes = np.array([_known_size(chip) or np.nan for chip in chips])
    unknown = np.flatnonzero(np.isnan(sizes))
    deviates = evenly_normal(stream(seed, Purpose.SIZES), len(unknown)) * tunables.sizes.spread
    sizes[unknown] = np.clip(
        2800.0 * exp(deviates), tunables.sizes.smallest, tunables.sizes.largest
    )
    return sizes


def hidden_shares(chip: Chip, seed: int, tunables: CloudParams) -> Floats:
    """Return the share of the buildings under the mask, by position; 0 where there is no mask.

    A chip whose persistence is known hides as much as makes it so low.
    """
    shares = np.zeros(len(CALENDAR))
    if not chip.masked:
        return shares
    rng = stream(seed, Purpose.CLOUDS, 1000 + chip.index)
    drawn = tunables.hidden * exp(normal(rng, len(chip.masked)) * tunables.hidden_spread)
    if chip.persistence is not None:
        lost = (1 - chip.persistence) * (len(chip.observed) - 1)
        for _ in range(8):
            total = float(np.cumsum(np.minimum(drawn, tunables.hidden_most))[-1])
            drawn = np.minimum(drawn * lost / total, tunables.hidden_most)
    shares[list(chip.masked)] = np.round(np.clip(drawn, 0.0005, tunables.hidden_most), 9)
    return shares


def _whole(amounts: Floats, phase: float) -> Ints:
    """Turn amounts per month into whole numbers whose running sum stays within 1 of the exact."""
    reached = np.floor(np.round(np.cumsum(amounts), 9) + phase).astype(np.int64)
    made: Ints = reached.copy()
    made[1:] -= reached[:-1]
    return made


def _exact(plan: Plan, rows: int) -> Plan:
    """Hide a few buildings more or less until the rows are exactly ``rows``."""
    missing = rows - plan.rows
    masks = [(made, position) for made in plan.chips for position in made.chip.masked]
    while missing:
        before = missing
        for made, position in masks:
            step = 1 if missing > 0 else -1
            hidden = int(made.hidden[position]) - step
            if missing and 0 <= hidden < made.standing[position] - made.gaps[position] - 1:
                made.hidden[position] = hidden
                missing -= step
        if missing == before:
            raise SizeError(
                f"a scale of {plan.scale:g} is too small: {plan.rows:,} rows planned where "
                f"{rows:,} were asked for; choose a larger factor"
            )
    return plan
