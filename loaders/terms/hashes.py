"""Hashes of polygon texts, by which equal ones are told within one load."""

from typing import Final

import numpy as np
import numpy.typing as npt
import polars as pl

Hashes = npt.NDArray[np.uint64]

LOWEST_HASH: Final = 2
"""Smaller values stand for "no polygon" (``loaders.assembly.chips``)."""

_SEED: Final = 7


def hashes_of(polygons: pl.Series) -> Hashes:
    """Hash polygon texts; equal within one process, not beyond it."""
    hashes: Hashes = polygons.hash(seed=_SEED).to_numpy(writable=True)
    hashes[hashes < LOWEST_HASH] = LOWEST_HASH
    return hashes
