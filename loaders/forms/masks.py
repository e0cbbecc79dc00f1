"""Unusable-data masks of SpaceNet 7's tree: where cloud or haze hid the ground."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import polars as pl
import shapely

from loaders.forms.features import UnreadableFileError, read_features
from loaders.forms.parts import Mask, Rejection, Rejections
from loaders.forms.wkt import geometry_text, polygon_text, polygons_of
from loaders.terms.names import NameRejectedError, parse_filename
from loaders.terms.polygons import POLYGON_FORM
from loaders.terms.reasons import Reason, printable

MASK_ENDING: Final = "_UDM.geojson"


def read_mask(content: bytes, path: Path, source_file: str) -> Iterator[Mask | Rejections]:
    """Yield the mask of one image; no polygons mean that all of the image is usable.

    Args:
        content: Bytes of a GeoJSON file in longitude and latitude.
        path: Its path; the name tells its image.
        source_file: What to call it.
    """
    name = printable(path.name)
    filename = name.removesuffix(MASK_ENDING)
    try:
        parse_filename(filename)
        features = read_features(content)
    except NameRejectedError as error:
        yield Rejections([Rejection(source_file, 0, name, str(error))])
        return
    except UnreadableFileError as error:
        yield Rejections([_rejection(source_file, 0, name, Reason.FILE.found(error), filename)])
        yield Mask(filename, (), source_file, is_lost=True)
        return
    polygons: list[str] = []
    rejections: list[Rejection] = []
    for line, feature in enumerate(features.features, start=1):
        found = polygons_of(feature.get("geometry"), split=True)
        texts = [polygon_text(rings) for rings in found.polygons]
        reason = found.reason or _reason_of(texts)
        if reason is None:
            polygons += texts
        else:
            text = geometry_text(feature)
            rejections.append(_rejection(source_file, line, text, reason, filename))
    if rejections:
        yield Rejections(rejections)
    is_lost = not polygons and bool(features.features)
    yield Mask(filename, tuple(polygons), source_file, is_lost=is_lost)


def _rejection(source_file: str, line: int, text: str, reason: str, filename: str) -> Rejection:
    return Rejection(source_file, line, text, reason, filename, is_of_mask=True)


def _reason_of(texts: list[str]) -> str | None:
    """Return why the polygons of an area are none; they may lie anywhere on the globe."""
    for text in texts:
        if not pl.Series([text], dtype=pl.String).str.contains(POLYGON_FORM)[0]:
            return Reason.POLYGON_FORM.found(text)
        polygon = shapely.from_wkt(text, on_invalid="ignore")
        if polygon is None:
            return Reason.POLYGON_UNCLOSED.found(text)
        if not polygon.is_valid:
            return Reason.POLYGON_INVALID.found(shapely.is_valid_reason(polygon))
    return None
