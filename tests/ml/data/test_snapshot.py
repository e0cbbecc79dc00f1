"""Training examples come back from their file to the bit."""

from pathlib import Path

import numpy as np
import pytest

from ml.data.examples import Examples
from ml.data.snapshot import data_digest, read_examples_file, write_examples
from ml.errors import SnapshotError


def test_examples_come_back_to_the_bit(examples: Examples, tmp_path: Path) -> None:
    write_examples(examples, tmp_path / "examples.parquet")
    again = read_examples_file(tmp_path / "examples.parquet")
    assert again.features.names == examples.features.names
    assert again.features.values.tobytes() == examples.features.values.tobytes()
    assert np.isnan(again.features.values).any()
    assert again.chip_key.dtype == examples.chip_key.dtype
    assert data_digest(again) == data_digest(examples)


def test_the_digest_knows_outcomes_and_features(examples: Examples) -> None:
    digests = {data_digest(examples), data_digest(examples.take(np.arange(len(examples))[::-1]))}
    other = examples.take(np.arange(len(examples)))
    other.net_change[0] += 1
    digests.add(data_digest(other))
    values = examples.take(np.arange(len(examples)))
    values.features.values[0, 0] += 1
    digests.add(data_digest(values))
    assert len(digests) == 4


def test_a_file_that_is_gone_or_other_is_named(tmp_path: Path) -> None:
    with pytest.raises(SnapshotError, match="cannot be read"):
        read_examples_file(tmp_path / "gone.parquet")
    (tmp_path / "other.parquet").write_bytes(b"no parquet")
    with pytest.raises(SnapshotError, match="cannot be read"):
        read_examples_file(tmp_path / "other.parquet")
