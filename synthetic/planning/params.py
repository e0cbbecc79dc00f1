"""The tunables of ``params.toml``, checked when they are read."""

import tomllib
from functools import cache
from pathlib import Path

from pydantic import BaseModel, ConfigDict

Pair = tuple[float, float]
"""A value in suburb B and in suburb A."""


def between(pair: Pair, kind: float) -> float:
    """Return the value of a chip of this kind, 0 = suburb B, 1 = suburb A."""
    return pair[0] + (pair[1] - pair[0]) * kind


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class SizeParams(_Section):
    """How large the chips without a known count are."""

    spread: float
    smallest: float
    largest: float


class GrowthParams(_Section):
    """How many buildings come and go, chip by chip and month by month."""

    least: float
    rate: float
    rate_spread: float
    most: float
    warm: float
    season: float
    tropics: float
    memory: float
    drift_spread: float
    region_spread: float
    singles: float
    batch: float
    batch_spread: float
    surge: float
    surge_share: float
    surge_spread: float
    surge_months: tuple[int, int]
    gathered: float
    estate_months: tuple[int, int]
    estate_overlap: int
    clearing: float
    cleared: float
    cleared_births: float
    demolition: float
    saturation: tuple[float, float]
    crowding: float
    room: float
    full: float


class CloudParams(_Section):
    """How many buildings a mask of unusable data hides."""

    hidden: float
    hidden_spread: float
    hidden_most: float
    gap: float


class LotParams(_Section):
    """Where buildings may stand."""

    pitch: tuple[float, float]
    rows: tuple[float, float]
    jitter: float
    districts: tuple[int, int]
    peak: float
    peak_density: float
    half_empty: float
    clump: float
    scatter: float


class ShapeParams(_Section):
    """Sizes of the boxes, and how often a polygon is something else than one."""

    axis: Pair
    log_area: Pair
    log_area_spread: Pair
    large: Pair
    large_log_area: Pair
    large_log_area_spread: Pair
    log_aspect: Pair
    astray: Pair
    many_vertices: float
    hole: float
    duplicate: float
    redrawn: float


class Params(_Section):
    """All tunables; the sections of ``params.toml``."""

    sizes: SizeParams
    growth: GrowthParams
    clouds: CloudParams
    lots: LotParams
    shapes: ShapeParams


@cache
def params() -> Params:
    """Return the tunables of ``params.toml``."""
    text = (Path(__file__).parent / "params.toml").read_text(encoding="utf-8")
    return Params.model_validate(tomllib.loads(text))
