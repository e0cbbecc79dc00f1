"""Random numbers and functions that give the same bits on every machine.

The last bit of ``exp``, ``sin`` or ``log`` depends on the processor (NumPy picks another kernel for
AVX-512 than for AVX2), and the written coordinates show 16 digits. So whatever comes from such a
function is rounded here before anything is built on it; what follows uses only ``+ - * /`` and
``sqrt``, which IEEE 754 defines to the bit. Sorting is stable for the same reason.
"""

import math
from enum import IntEnum
from statistics import NormalDist
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

Floats: TypeAlias = npt.NDArray[np.float64]
Ints: TypeAlias = npt.NDArray[np.int64]
Bools: TypeAlias = npt.NDArray[np.bool_]

DECIMALS = 9


class Purpose(IntEnum):
    """What a stream of random numbers is for; each part draws from its own."""

    SIZES = 1
    REGIONS = 2
    GROWTH = 3
    LOTS = 4
    SETTLEMENT = 5
    SHAPES = 6
    CLOUDS = 7
    TRACKERS = 8


def stream(seed: int, purpose: Purpose, index: int = 0) -> np.random.Generator:
    """Return the random numbers of one part of one chip; the same for the same three arguments."""
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence([seed, purpose, index])))


def normal(rng: np.random.Generator, size: int | tuple[int, ...]) -> Floats:
    """Return standard normal deviates, rounded to ``DECIMALS``."""
    return rng.standard_normal(size).round(DECIMALS)


def evenly_normal(rng: np.random.Generator, size: int) -> Floats:
    """Return standard normal deviates, one from each of ``size`` equally likely parts."""
    curve = NormalDist()
    middles = [curve.inv_cdf((part + 0.5) / size) for part in range(size)]
    return np.array(middles).round(DECIMALS)[order(rng.random(size))]


def exp(values: Floats) -> Floats:
    """Return e to the power of ``values`` (kept below 1e5 by the callers), rounded."""
    return np.exp(values).round(DECIMALS - 3)


def power(base: Floats, exponent: float) -> Floats:
    """Return ``base ** exponent`` for bases between 0 and 1, rounded."""
    return np.power(base, exponent).round(DECIMALS)


def cosine_sine(angles: Floats) -> tuple[Floats, Floats]:
    """Return cosine and sine of ``angles`` in radians, rounded."""
    return np.cos(angles).round(DECIMALS), np.sin(angles).round(DECIMALS)


def order(keys: npt.NDArray[np.generic]) -> Ints:
    """Return the stable ascending order of ``keys``."""
    return np.argsort(keys, kind="stable").astype(np.int64)


def share_out(total: int, weights: Floats, rng: np.random.Generator) -> Ints:
    """Split ``total`` over ``weights`` by systematic sampling.

    Args:
        total: How many to give out, 0 or more.
        weights: Not negative; at least one above 0 when ``total`` is.
        rng: Where the random start comes from.

    Returns:
        Whole numbers of the shape of ``weights``, each within 1 of its exact share; they sum to
        ``total``.
    """
    if total == 0:
        return np.zeros(len(weights), dtype=np.int64)
    edges = np.cumsum(weights)
    marks = np.floor(np.round(edges / edges[-1] * total, DECIMALS) + rng.random()).astype(np.int64)
    marks = np.minimum(marks, total)
    marks[edges >= edges[-1]] = total
    parts: Ints = np.diff(marks, prepend=0)
    return parts


def whole_number(chance: float, mean: float, dispersion: float = 1.0) -> int:
    """Return a quantile of the negative binomial distribution, or of Poisson's.

    The probabilities follow from each other by ``+ - * /`` alone, outwards from the commonest
    number, so nothing is rounded and nothing depends on the machine.
    Source: Panjer 1981, ASTIN Bulletin 12(1), recursion of the (a, b, 0) class.

    Args:
        chance: Which quantile, 0 to 1.
        mean: Mean of the distribution, 0 or more.
        dispersion: Its variance by its mean, 1 (Poisson) or more.
    """
    if mean <= 0:
        return 0
    most = int(mean + 10 * math.sqrt(mean * dispersion) + 25 * dispersion) + 1
    number = np.arange(1, most + 1)
    ratio = (mean + (dispersion - 1) * (number - 1)) / (dispersion * number)
    common = int(max(0.0, mean - dispersion))
    below = np.cumprod(1 / ratio[:common][::-1])[::-1]
    edges = np.cumsum(np.concatenate([below, [1.0], np.cumprod(ratio[common:])]))
    return int(np.searchsorted(edges, chance * edges[-1], side="right"))
