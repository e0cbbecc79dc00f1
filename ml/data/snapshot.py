"""The training examples as a file that a run keeps, so that its model can be made again."""

import dataclasses
import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np
import polars as pl

from ml.data.examples import Examples
from ml.errors import SnapshotError
from ml.model.matrix import FeatureMatrix

_KEYS: Final = tuple(
    field.name for field in dataclasses.fields(Examples) if field.name != "features"
)
"""Columns of an example beside its features."""


def example_frame(examples: Examples) -> pl.DataFrame:
    """Return one row per example: its keys, what happened, and its features in order."""
    keys = {name: getattr(examples, name) for name in _KEYS}
    features = {name: examples.features.column(name) for name in examples.features.names}
    return pl.DataFrame(keys | features)


def write_examples(examples: Examples, path: Path) -> None:
    """Write the examples as Parquet."""
    example_frame(examples).write_parquet(path)


def read_examples_file(path: Path) -> Examples:
    """Read what ``write_examples`` wrote, to the bit.

    Raises:
        SnapshotError: The file is not there or holds other columns.
    """
    frame = read_frame(path, _KEYS)
    features = frame.drop(_KEYS)
    values = np.ascontiguousarray(features.to_numpy(), dtype=np.float64)
    keys = {name: frame[name].to_numpy() for name in _KEYS}
    return Examples(**keys, features=FeatureMatrix(tuple(features.columns), values))


def data_digest(examples: Examples) -> str:
    """Return a SHA-256 that is equal where the examples are, features and outcomes."""
    return frame_digest(example_frame(examples))


def read_frame(path: Path, keys: Sequence[str]) -> pl.DataFrame:
    """Read what a run kept of what it learned from.

    Raises:
        SnapshotError: The file is not there or lacks a key.
    """
    try:
        frame = pl.read_parquet(path)
    except (OSError, pl.exceptions.PolarsError) as error:
        raise SnapshotError(f"the training examples {path} cannot be read: {error}") from error
    if missing := [name for name in keys if name not in frame.columns]:
        raise SnapshotError(f"the training examples {path} lack {', '.join(missing)}")
    return frame


def frame_digest(frame: pl.DataFrame, *others: str) -> str:
    """Return a SHA-256 over the columns of a frame of numbers, and over other texts."""
    digest = hashlib.sha256("\0".join([*frame.columns, *others]).encode())
    for column in frame.columns:
        digest.update(np.ascontiguousarray(frame[column].to_numpy()).tobytes())
    return digest.hexdigest()
