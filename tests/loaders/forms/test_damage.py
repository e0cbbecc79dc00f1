"""Damage of any kind ends in a sentence or in rejected rows, never in a traceback."""

import bz2
import contextlib
import gzip
import io
import json
import lzma
import tarfile
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loaders.errors import LoaderError
from loaders.forms.geojson import LabelReader
from loaders.forms.parts import Batch, Rejections
from loaders.forms.reading import Reader
from loaders.forms.sources import find_source
from loaders.terms.names import parse_filename
from loaders.terms.projection import LabelForm, to_pixels
from tests.fixtures.sources import csv_text, filename, row

CONTENT = csv_text(row(n) for n in range(40)).encode()


def whole_tar() -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for name in ("csvs/a.csv", "csvs/ü.csv", "csvs/" + "long" * 40 + ".csv"):
            member = tarfile.TarInfo(name)
            member.size = len(CONTENT)
            archive.addfile(member, io.BytesIO(CONTENT))
    return buffer.getvalue()


def whole_parquet() -> bytes:
    buffer = io.BytesIO()
    names, ids, polygons = zip(*(row(n) for n in range(40)), strict=True)
    frame = pl.DataFrame({"filename": names, "id": ids, "geometry": polygons})
    frame.write_parquet(buffer)
    return buffer.getvalue()


WHOLE = {
    "csv": CONTENT,
    "gz": gzip.compress(CONTENT),
    "bz2": bz2.compress(CONTENT),
    "xz": lzma.compress(CONTENT),
    "zst": bytes(pa.compress(CONTENT, codec="zstd", asbytes=True)),
    "tar": whole_tar(),
    "parquet": whole_parquet(),
}


@pytest.mark.parametrize("form", WHOLE)
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_changed_bytes_are_a_sentence_or_rejected_rows(form: str, data: st.DataObject) -> None:
    content = bytearray(WHOLE[form])
    places = st.integers(0, len(content) - 1)
    changes = st.lists(st.tuples(places, st.integers(0, 255)), min_size=1, max_size=8)
    for at, value in data.draw(changes):
        content[at] = value
    end = data.draw(st.one_of(st.none(), places))
    with tempfile.TemporaryDirectory() as folder, contextlib.suppress(LoaderError):
        path = Path(folder) / "labels"
        path.write_bytes(bytes(content[:end]))
        for part in Reader(find_source(path)).parts():
            assert isinstance(part, Batch | Rejections)


def feature(number: object, shape: object, **members: object) -> dict[str, Any]:
    return {
        "type": "Feature",
        "properties": {"Id": number, "image_fname": filename() + ".tif"},
        "geometry": shape,
    } | members


def polygon(x: float, *third: float) -> dict[str, Any]:
    points = [(x, 1.0), (x + 2.1, 1.0), (x + 2.1, 3.5), (x, 1.0)]
    return {"type": "Polygon", "coordinates": [[[*point, *third] for point in points]]}


FEATURES = st.one_of(
    st.builds(feature, st.integers(0, 9), st.builds(polygon, st.integers(0, 900))),
    st.sampled_from(
        [
            feature(3.0, polygon(1)),
            feature("4", polygon(2.5)),
            feature(-1, polygon(2)),
            feature(5, polygon(2, 7.0)),
            feature(6, {"type": "MultiPolygon", "coordinates": [polygon(3)["coordinates"]]}),
            feature(7, None),
            feature(True, polygon(4)),
            feature(8, {"type": "Polygon", "coordinates": [[]]}),
            feature(8, {"type": "Polygon", "coordinates": [[["1", "2"]]]}),
            feature(9, polygon(5), properties={"Id": 9, "image_fname": "another"}),
            feature(9, polygon(5), properties={"Id": 9, "image_fname": ["a list"]}),
            feature(2**40, polygon(6)),
        ]
    ),
)


def read_labels(features: list[dict[str, Any]], folder: str) -> Iterator[tuple[object, ...]]:
    """Rows and rejections, each with its line."""
    reader = LabelReader()
    path = Path("train") / "chip" / folder / f"{filename()}_Buildings.geojson"
    content = json.dumps({"type": "FeatureCollection", "features": features}).encode()
    for part in (*reader.read(content, path, path.name), *reader.rest()):
        if isinstance(part, Rejections):
            yield from (("rejected", each.line, each.reason) for each in part.rows)
        elif isinstance(part, Batch):
            kinds = [
                tuple(sorted(str(kind) for kind, rows in part.forms.items() if rows[at]))
                for at in range(part.frame.height)
            ]
            lines = (part.files.place(line)[1] for line in part.lines.tolist())
            yield from zip(part.frame.rows(), lines, kinds, strict=True)


@pytest.mark.parametrize("folder", ["labels_match_pix", "labels_match"])
@settings(max_examples=200, deadline=None)
@given(st.lists(FEATURES, min_size=1, max_size=8))
def test_features_together_are_what_each_is_alone(
    folder: str, features: list[dict[str, Any]]
) -> None:
    together = {str(each) for each in read_labels(features, folder)}
    alone = {
        str((each[0], line, *each[2:]))
        for line, one in enumerate(features, start=1)
        for each in read_labels([one], folder)
    }
    assert together == alone


@pytest.mark.parametrize("form", [LabelForm.LONLAT, LabelForm.MERCATOR])
def test_points_together_go_where_each_goes_alone(form: LabelForm) -> None:
    image = parse_filename(filename())
    points = np.random.default_rng(3).uniform([103, 30], [104, 31], (1001, 2))
    together = to_pixels(points, form, image)
    for count in (1, 4, 5, 7):
        for start in range(0, 1000, 97):
            alone = to_pixels(points[start : start + count].copy(), form, image)
            assert (alone == together[start : start + count]).all()
