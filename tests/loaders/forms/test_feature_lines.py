"""Label files with a feature on each line are read by lines, and give what any other gives."""

import json
import random
from itertools import chain
from pathlib import Path
from typing import Any, Final

import pytest

from loaders.forms.features import feature_lines
from loaders.forms.geojson import LabelReader
from loaders.forms.parts import Batch, Rejections
from tests.fixtures.sources import CHIP, OTHER_CHIP, filename

MONTHS: Final = ("2018_01", "2018_02", "2018_03")
Spoilt = dict[str, str]


def feature(number: int, month: str, *, chip: str = CHIP, at: int | None = None) -> str:
    x = 20.5 * (number if at is None else at)
    ring = [[x, 20], [x + 4, 20], [x + 4, 24], [x, 24], [x, 20]]
    properties = {"Id": number, "image_fname": f"{filename(month, chip)}.tif"}
    geometry = {"type": "Polygon", "coordinates": [ring]}
    return json.dumps({"type": "Feature", "properties": properties, "geometry": geometry})


def by_lines(features: list[str], *, head: str = '"type": "FeatureCollection"') -> bytes:
    return ("{\n" + head + ',\n"features": [\n' + ",\n".join(features) + "\n]\n}\n").encode()


def otherwise(features: list[str]) -> bytes:
    """The same on one line."""
    joined = ", ".join(features)
    return f'{{"type": "FeatureCollection", "features": [{joined}]}}'.encode()


def read(files: list[tuple[str, bytes]]) -> list[Any]:
    """Rows and rejections of files, each a path and its content."""
    reader = LabelReader()
    parts = [
        part
        for name, content in files
        for part in reader.read(content, Path("train/x/labels_match_pix") / name, name)
    ]
    parts += reader.rest()
    rows = [part.frame.rows() for part in parts if isinstance(part, Batch)]
    rejections = [part.rows for part in parts if isinstance(part, Rejections)]
    return [list(chain.from_iterable(found)) for found in (rows, rejections)]


def name_of(month: str, chip: str = CHIP) -> str:
    return f"{filename(month, chip)}_Buildings.geojson"


@pytest.mark.parametrize("seed", range(5))
def test_lines_give_the_rows_that_the_parsed_file_gives(seed: int) -> None:
    rng = random.Random(seed)
    months = [
        (month, chip, rng.sample(range(30), 20), rng.random() < 0.5)
        for chip in (CHIP, OTHER_CHIP)
        for month in MONTHS
    ]
    texts = {
        (month, chip): [feature(n, month, chip=chip, at=n + is_moved) for n in numbers]
        for month, chip, numbers, is_moved in months
    }
    found, expected = (
        read([(name_of(*place), write(features)) for place, features in texts.items()])
        for write in (by_lines, otherwise)
    )
    assert found == expected
    assert len(found[0]) == 6 * 20
    assert all(
        feature_lines(by_lines(features), filename(*place)) for place, features in texts.items()
    )


SPOILT: Final[Spoilt] = {
    "cut short": feature(2, "2018_02")[:-4],
    "another image": feature(2, "2018_03"),
    "an id that is none": feature(2, "2018_02").replace('"Id": 2', '"Id": "b"'),
    "no id": feature(2, "2018_02").replace('"Id"', '"id"'),
    "no polygon": feature(2, "2018_02").replace("Polygon", "Point"),
    "no object": "7",
    "two on a line": feature(2, "2018_02") + ", " + feature(3, "2018_02"),
    "a sign that no JSON holds": feature(1, "2018_02").replace(filename("2018_02"), "\x00"),
}


@pytest.mark.parametrize("text", SPOILT.values(), ids=SPOILT)
def test_a_line_that_is_spoilt_is_said_as_without_lines(text: str) -> None:
    def files(write: Any) -> list[tuple[str, bytes]]:
        first = [feature(n, "2018_01") for n in range(4)]
        second = [feature(n, "2018_02") for n in (0, 1, 3)]
        return [
            (name_of("2018_01"), write(first)),
            (name_of("2018_02"), write([*second[:2], text, second[2]])),
        ]

    found, expected = read(files(by_lines)), read(files(otherwise))
    assert found[0] == expected[0]
    assert [(each.line, each.text) for each in found[1]] == [
        (each.line, each.text) for each in expected[1]
    ]


@pytest.mark.parametrize(
    "content",
    [
        by_lines([feature(1, "2018_01")], head='"type": "Feature"'),
        by_lines([feature(1, "2018_01")])[:-3],
        by_lines([feature(1, "2018_01")], head='"type": "FeatureCollection", "crs": {"a": 1}, {'),
        b'{"type": "FeatureCollection", "crs": {"features": [\n7\n]\n}, "features": []}',
        b'{"type": "FeatureCollection", "features": [\n]}',
        otherwise([feature(1, "2018_01")]),
        b"",
    ],
)
def test_what_is_no_collection_by_lines_is_not_taken_for_one(content: bytes) -> None:
    assert feature_lines(content, filename("2018_01")) is None
