"""Why a row is rejected: a fixed phrase per cause, then what was found."""

import re
from enum import StrEnum

_SHOWN_CHARACTERS = 80


class Reason(StrEnum):
    """The fixed phrase that opens ``raw.rejected_row.reason``."""

    ENCODING = "line is not UTF-8"
    EMPTY_LINE = "line is empty"
    QUOTES = "quotes are broken"
    COLUMNS = "wrong number of columns"
    ID_FORM = "id is not an integer"
    ID_NEGATIVE = "id is negative"
    ID_TOO_LARGE = "id is too large"
    FILENAME_FORM = "filename has an unknown form"
    FILENAME_MONTH = "filename names no month"
    FILENAME_FUTURE = "month lies in the future"
    FILENAME_ZOOM = "filename names another zoom"
    FILENAME_TILE = "filename names no tile"
    QUAD_TILE = "quad and tile disagree"
    POLYGON_MISSING = "polygon is missing"
    POLYGON_EMPTY = "polygon is empty"
    POLYGON_TYPE = "geometry is no polygon"
    POLYGON_DIMENSION = "polygon is not two-dimensional"
    POLYGON_FORM = "polygon is not well-known text"
    POLYGON_LONG = "polygon is longer than a building's"
    POLYGON_NOT_FINITE = "coordinate is not finite"
    POLYGON_RANGE = "coordinate is far outside the chip"
    POLYGON_SHORT = "ring has fewer than four points"
    POLYGON_UNCLOSED = "ring is not closed"
    POLYGON_INVALID = "polygon is not valid"
    DUPLICATE = "key was read before"
    ID_MISSING = "file names no ids"
    FILE = "file cannot be read"
    OTHER_IMAGE = "feature names another image"

    def found(self, detail: object) -> str:
        """Return the phrase with what was found."""
        return f"{self}: {shorten(str(detail))}"


def shorten(text: str, *, limit: int = _SHOWN_CHARACTERS) -> str:
    """Return ``text`` cut to ``limit`` characters, with an ellipsis where it was cut."""
    return text if len(text) <= limit else f"{text[: limit - 1]}…"


def printable(text: str) -> str:
    """Return ``text`` with control characters and bytes that are no UTF-8 shown escaped.

    So that it can be stored by PostgreSQL, which takes no NUL, and printed.
    """
    known = text.encode("utf-8", errors="backslashreplace").decode("utf-8")
    return re.sub(r"[\x00-\x1f\x7f]", lambda found: f"\\x{ord(found[0]):02x}", known)
