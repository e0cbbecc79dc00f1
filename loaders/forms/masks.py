"""Unusable-data masks of SpaceNet 7's tree: where cloud or haze hid the ground."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import shapely

from loaders.forms.parts import Mask, Rejection
from loaders.forms.vector import UnreadableFileError, read_features
from loaders.forms.wkt import polygon_texts
from loaders.terms.names import NameRejectedError, parse_filename
from loaders.terms.reasons import Reason

MASK_ENDING: Final = "_UDM.geojson"


def read_mask(content: bytes, path: Path, source_file: str) -> Iterator[Mask | Rejection]:
    """Yield the mask of one image; no polygons mean that all of the image is usable.

    Args:
        content: Bytes of a GeoJSON file in longitude and latitude.
        path: Its path; the name tells its image.
        source_file: What to call it.
    """
    filename = path.name.removesuffix(MASK_ENDING)
    try:
        parse_filename(filename)
        features = read_features(content)
    except NameRejectedError as error:
        yield Rejection(source_file, 0, path.name, str(error))
        return
    except UnreadableFileError as error:
        yield _rejection(source_file, 0, path.name, Reason.FILE.found(error), filename)
        yield Mask(filename, (), source_file, is_lost=True)
        return
    polygons: list[str] = []
    for line, geometry in enumerate(features.geometries, start=1):
        found = polygon_texts(geometry, lambda points: points, split=True)
        reason = found.reason or _reason_of_validity(found.texts)
        if reason is None:
            polygons += found.texts
        else:
            yield _rejection(source_file, line, found.texts[0], reason, filename)
    is_lost = not polygons and bool(features.geometries)
    yield Mask(filename, tuple(polygons), source_file, is_lost=is_lost)


def _rejection(source_file: str, line: int, text: str, reason: str, filename: str) -> Rejection:
    return Rejection(source_file, line, text, reason, filename, is_of_mask=True)


def _reason_of_validity(texts: tuple[str, ...]) -> str | None:
    for text in texts:
        polygon = shapely.from_wkt(text)
        if not polygon.is_valid:
            return Reason.POLYGON_INVALID.found(shapely.is_valid_reason(polygon))
    return None
