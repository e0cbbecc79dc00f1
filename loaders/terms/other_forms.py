"""Other forms with one meaning: what a name, an id or a polygon says in another spelling.

Each is taken in its canonical form and counted by kind; what is canonical stays to the letter.
"""

import re
from enum import StrEnum
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt
import polars as pl

from loaders.terms.names import FILENAME_FORM
from loaders.terms.polygons import LONGEST_BYTES, POLYGON_FORM

Other = tuple["OtherForm", ...]


class OtherForm(StrEnum):
    """The phrase by which ``raw.load_run.other_forms`` counts rows."""

    PATH = "filename with a path"
    ENDING = "filename with an ending"
    ID_SPELLING = "id in another spelling"
    ID_PROPERTY = "id in another property"
    MULTIPOLYGON = "multipolygon of one part"
    DIMENSION = "further dimensions dropped"
    SPELLING = "polygon in another spelling"
    NOTHING = "empty polygon: the tracker found nothing in that month"


HIGHEST_ID: Final = 2**31 - 1
CANONICAL_ID: Final = r"^(?:0|[1-9][0-9]{0,9})$"
PLAIN_ID: Final = r"^ *\+?0*([0-9]{1,10})(?:\.0*)? *$"
"""Digits, whatever stands around them; what is longer is looked at alone."""
_WHOLE_NUMBER: Final = re.compile(r" *\+?(\d+)(?:\.(\d*))?(?:[eE]\+?(\d{1,2}))? *", re.ASCII)

_ENDINGS: Final = re.compile(r"(?:_Buildings)?(?:\.(?:tiff?|geojson))?", re.IGNORECASE)

_NUMBER: Final = r"[-+]?[0-9.]+(?:[eE][-+]?[0-9]+)?"
_EXTRA: Final = r"(?:[-+]?[0-9.]+(?:[eE][-+]?[0-9]+)?|(?i:nan))"
_ONE_PART: Final = r"(?is)^\s*MULTIPOLYGON\s*(Z|M|ZM)?\s*\(\s*(\(.*\))\s*\)\s*$"
_SEVERAL_PARTS: Final = r"\)\s*\)\s*,"
_HEAD: Final = r"(?i)^\s*POLYGON\s*(Z|M|ZM)?\s*\(\s*\(\s*"
_TAGGED: Final = r"(?i)^\s*POLYGON\s*(Z|M|ZM)\s*\("
_WIDE_POINT: Final = rf"({_NUMBER})[ \t]+({_NUMBER})(?:[ \t]+{_EXTRA}){{1,2}}\s*([,)])"


class CanonicalPolygons(NamedTuple):
    """Polygon texts in their canonical form, and masks of those that had another one."""

    texts: pl.Series
    forms: dict[OtherForm, npt.NDArray[np.bool_]]


def canonical_filename(text: str) -> tuple[str, Other]:
    """Return an image's stem without path and ending, and what was left away.

    A text that names no image either way comes back as it is.
    """
    if FILENAME_FORM.fullmatch(text) is not None:
        return text, ()
    name = re.split(r"[/\\]", text)[-1]
    match = FILENAME_FORM.match(name)
    if match is None or _ENDINGS.fullmatch(name, match.end()) is None:
        return text, ()
    path = (OtherForm.PATH,) if name != text else ()
    ending = (OtherForm.ENDING,) if match.end() != len(name) else ()
    return match[0], path + ending


def whole_number(text: str) -> int | None:
    """Return the whole number, not negative, that a text means: ``12.0``, ``0012``, ``1e+05``."""
    match = _WHOLE_NUMBER.fullmatch(text)
    if match is None:
        return None
    digits, fraction, power = match[1], match[2] or "", int(match[3] or 0)
    beyond = fraction[power:]
    if beyond.strip("0"):
        return None
    shifted = digits + fraction[:power] + "0" * (power - len(fraction))
    return int(shifted.lstrip("0")[:40] or 0)


def canonical_polygons(texts: pl.Series) -> CanonicalPolygons:
    """Give polygons of another form the canonical one; leave all other texts to the letter.

    Args:
        texts: Polygon texts; String, without nulls.
    """
    was = pl.col("was")
    frame = pl.DataFrame({"was": texts}).with_columns(
        kept=was.str.contains(POLYGON_FORM) | (was.str.len_bytes() > LONGEST_BYTES),
        multi=was.str.contains(_ONE_PART) & ~was.str.contains(_SEVERAL_PARTS),
    )
    frame = frame.with_columns(
        one=pl.when("multi").then(was.str.replace(_ONE_PART, "POLYGON $1 $2")).otherwise(was)
    ).with_columns(spelled=pl.col("one").str.replace(_HEAD, "POLYGON ((").str.strip_chars_end())
    frame = frame.with_columns(wide=_is_wide()).with_columns(
        text=pl.when("kept")
        .then(was)
        .when("wide")
        .then(pl.col("spelled").str.replace_all(_WIDE_POINT, "$1 $2$3"))
        .when(pl.col("one").str.contains(_TAGGED))
        .then(was)
        .otherwise("spelled")
    )
    is_other = frame["text"] != frame["was"]
    forms = {
        OtherForm.MULTIPOLYGON: is_other & frame["multi"],
        OtherForm.DIMENSION: is_other & frame["wide"],
        OtherForm.SPELLING: is_other & ~frame["multi"] & ~frame["wide"],
    }
    found = {form: mask.to_numpy() for form, mask in forms.items() if mask.any()}
    return CanonicalPolygons(frame["text"], found)


def _is_wide() -> pl.Expr:
    """Every point has three or four numbers."""
    points = pl.col("spelled").str.count_matches(",", literal=True) + 1
    return pl.col("spelled").str.starts_with("POLYGON ((") & (
        pl.col("spelled").str.count_matches(_WIDE_POINT) == points
    )
