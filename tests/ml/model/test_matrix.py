"""Rows of features: what is taken and what is refused, with which words."""

import math

import pytest

from ml.model.errors import FeatureError
from ml.model.matrix import FeatureMatrix


def test_null_becomes_nan_and_columns_keep_their_order() -> None:
    matrix = FeatureMatrix.from_rows([{"b": None, "a": 2}], ("a", "b"))
    assert matrix.column("a").tolist() == [2.0]
    assert math.isnan(matrix.column("b")[0])


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ([], "no rows"),
        ([{"a": 1}], "row 0 lacks b"),
        ([{"a": 1, "b": 2}, {"a": 1, "b": 2, "c": 3}], "row 1 has unknown c"),
        ([{"a": 1, "c": 3}], "lacks b and has unknown c"),
        ([{"a": "1", "b": 2}], "a is of type str"),
        ([{"a": True, "b": 2}], "a is of type bool"),
    ],
)
def test_rows_that_do_not_fit_are_refused_by_name(
    rows: list[dict[str, object]], words: str
) -> None:
    with pytest.raises(FeatureError, match=words):
        FeatureMatrix.from_rows(rows, ("a", "b"))
