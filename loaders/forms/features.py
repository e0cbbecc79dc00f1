"""Features out of GeoJSON text, and out of no other form.

Read here and by no library for vector files: those open what a file's content says, whatever its
name, and some of their forms read other files or the network.
"""

import gc
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

import orjson

from loaders.terms.reasons import printable, shorten

MOST_BYTES: Final = 256 * 1024 * 1024
"""Of one file: half a million buildings on one image; its objects take some four times as much."""
_BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"
_UTF_16: Final = (b"\xff\xfe", b"\xfe\xff")
_RECORD_SEPARATOR: Final = b"\x1e"
_SAFE_DIGITS: Final = 19
_GEOMETRIES: Final = {
    "Point",
    "MultiPoint",
    "LineString",
    "MultiLineString",
    "Polygon",
    "MultiPolygon",
    "GeometryCollection",
}
_OPENING: Final = re.compile(rb'"features"\s*:\s*\[\s*\n')
_HEAD_BYTES: Final = 4096
"""Of a file, those among which its features begin."""
_BETWEEN_FEATURES: Final = b",\n"
_NAME: Final = b"\x00"
"""Stands for the image's name; no JSON holds it."""

Feature = dict[str, Any]


class UnreadableFileError(Exception):
    """A file that is no GeoJSON; the message says why."""


@dataclass(frozen=True, slots=True)
class Features:
    """The features of one file.

    Attributes:
        features: Each as JSON has it; ``properties`` is an object, empty where there are none.
    """

    features: list[Feature]

    def property_names(self) -> list[str]:
        """Return the names of all properties, in the order they come."""
        return list(dict.fromkeys(name for each in self.features for name in each["properties"]))


def read_features(content: bytes) -> Features:
    """Read GeoJSON: a FeatureCollection, a Feature, a geometry, or one of these per line.

    Source: RFC 7946; RFC 8142 for one per line.

    Args:
        content: Bytes of a file.

    Raises:
        UnreadableFileError: They are no GeoJSON, or damaged.
    """
    if len(content) > MOST_BYTES:
        raise UnreadableFileError(f"it has {len(content):,} bytes, more than {MOST_BYTES:,}")
    content = content.removeprefix(_BYTE_ORDER_MARK)
    try:
        documents = [_parsed(content)]
    except ValueError as error:
        documents = _sequence(content, error)
    return Features([each for document in documents for each in _features_of(document)])


def _parsed(content: bytes) -> object:
    """Parse JSON; where that is too strict, as Python does, which takes NaN and Infinity."""
    try:
        with _collection_paused():
            return orjson.loads(content)
    except orjson.JSONDecodeError as error:
        try:
            return json.loads(content.decode("utf-8"), parse_int=_number)
        except (ValueError, RecursionError):
            raise error from None


@contextmanager
def _collection_paused() -> Iterator[None]:
    """Let no garbage be looked for among thousands of new objects, which costs as much again."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def _number(digits: str) -> float:
    return int(digits) if len(digits) < _SAFE_DIGITS else float(digits)


def _sequence(content: bytes, error: ValueError) -> list[object]:
    lines = [line.strip(b" \r" + _RECORD_SEPARATOR) for line in content.split(b"\n")]
    documents = [line for line in lines if line]
    if len(documents) < 2 and not content.startswith(_RECORD_SEPARATOR):
        raise UnreadableFileError(_sentence(content, error)) from error
    try:
        return [_parsed(line) for line in documents]
    except ValueError:
        raise UnreadableFileError(_sentence(content, error)) from error


def _sentence(content: bytes, error: ValueError) -> str:
    if content.startswith(_UTF_16):
        return "it is text in UTF-16; expected GeoJSON, which is UTF-8"
    head = content.lstrip()[:1]
    if head not in (b"{", _RECORD_SEPARATOR):
        return "it is empty" if not head else "it is no GeoJSON"
    return f"it is no GeoJSON, or damaged ({printable(str(error))})"


def _features_of(document: object) -> list[Feature]:
    if not isinstance(document, dict):
        raise UnreadableFileError("it is JSON but no GeoJSON, which is an object with a type")
    kind = document.get("type")
    if kind == "FeatureCollection":
        members = document.get("features")
        if not isinstance(members, list):
            raise UnreadableFileError("its FeatureCollection has no list of features")
        return [feature_of(member) for member in members]
    if kind == "Feature":
        return [feature_of(document)]
    if kind in _GEOMETRIES:
        return [{"type": "Feature", "properties": {}, "geometry": document}]
    found = shorten(printable(repr(kind)))
    raise UnreadableFileError(f"it is no GeoJSON: its type is {found}, not 'FeatureCollection'")


def feature_of(member: object) -> Feature:
    """Return a member of a FeatureCollection with an object as its properties.

    Raises:
        UnreadableFileError: It is no object.
    """
    if not isinstance(member, dict):
        raise UnreadableFileError("one of its features is no object")
    if not isinstance(member.get("properties"), dict):
        member["properties"] = {}
    return member


@dataclass(frozen=True, slots=True)
class FeatureLines:
    """The features of a file, one on each line.

    Attributes:
        body: The lines.
        keys: The JSON of each feature, whether it is any or not, without the name of the image:
            features that differ by it alone are equal.
    """

    body: bytes
    keys: list[bytes]

    def texts(self) -> list[bytes]:
        """Return the JSON of each feature with the name."""
        return self.body.split(_BETWEEN_FEATURES)


def feature_lines(content: bytes, name: str) -> FeatureLines | None:
    """Take apart a FeatureCollection that has each feature on a line of its own, as most have.

    If each text is JSON, the file is. What persists has the same line month after month, but for
    the image's name in it.

    Args:
        content: Bytes of a file.
        name: The image's.

    Returns:
        The features; None where the file is none of this form.
    """
    opening = _OPENING.search(content, 0, _HEAD_BYTES)
    if opening is None or _NAME in content or len(content) > MOST_BYTES:
        return None
    start, end = opening.end(), content.rfind(b"\n]")
    if end < start or not _is_collection_of_null(content[:start] + b"null" + content[end:]):
        return None
    body = content[start:end]
    return FeatureLines(body, body.replace(name.encode(), _NAME).split(_BETWEEN_FEATURES))


def _is_collection_of_null(text: bytes) -> bool:
    """Whether what stands around the features, here a null, is a FeatureCollection of them."""
    try:
        document = orjson.loads(text)
    except orjson.JSONDecodeError:
        return False
    return (
        isinstance(document, dict)
        and document.get("type") == "FeatureCollection"
        and document.get("features") == [None]
    )
