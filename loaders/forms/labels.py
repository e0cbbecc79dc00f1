"""Which features of a label file are rows, and with which ids; why the others are none."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

import shapely

from loaders.forms.csv_rows import read_id
from loaders.forms.features import Feature, Features
from loaders.forms.parts import Rejection, row_text
from loaders.forms.wkt import Ring, geometry_text, plain_polygons, polygons_of
from loaders.terms.names import ImageName
from loaders.terms.other_forms import HIGHEST_ID, Other, OtherForm, canonical_filename
from loaders.terms.projection import LabelForm
from loaders.terms.reasons import Reason, printable

ID: Final = "Id"
_IMAGE: Final = "image_fname"
_UNKNOWN_ID: Final = 0

GetId = Callable[[Feature], object]


@dataclass(frozen=True, slots=True)
class Labels:
    """The features of a file, what stands for the id of each, and whether that is another form."""

    features: list[Feature]
    values: list[Any]
    other: Other
    form: LabelForm
    image: ImageName


@dataclass(slots=True)
class Taken:
    """The polygons of a file that are rows, one element each; lines count features from 0."""

    polygons: list[list[Ring]] = field(default_factory=list)
    ids: list[int] = field(default_factory=list)
    lines: list[int] = field(default_factory=list)
    forms: list[Other] = field(default_factory=list)


class NoIdsError(Exception):
    """A file whose features have no ids; the message is the reason to reject it with."""


def ids_of(features: list[Feature], form: LabelForm) -> tuple[GetId, Other]:
    """Return how a feature's id is found, and whether that is another form."""
    if form is LabelForm.LONLAT or not features:
        return lambda _: _UNKNOWN_ID, ()
    names = Features(features).property_names()
    if ID in names:
        return lambda feature: feature["properties"].get(ID), ()
    name = next((name for name in names if name.lower() == ID.lower()), None)
    if name is not None:
        return lambda feature: feature["properties"].get(name), (OtherForm.ID_PROPERTY,)
    if any("id" in feature for feature in features):
        return lambda feature: feature.get("id"), (OtherForm.ID_PROPERTY,)
    known = ", ".join(map(printable, names)) or "none"
    count = len(features)
    raise NoIdsError(Reason.ID_MISSING.found(f"no {ID!r} in {count:,} features, but {known}"))


def all_at_once(labels: Labels) -> Taken | None:
    """Take features that are all plain, as nearly all are; None where one has to be looked at."""
    features, values, image = labels.features, labels.values, labels.image
    try:
        images = {feature["properties"].get(_IMAGE) for feature in features}
    except TypeError:
        return None
    if not values or set(map(type, values)) != {int}:
        return None
    if min(values) < 0 or max(values) > HIGHEST_ID:
        return None
    if any(named is not None and _reason_of_image(str(named), image) for named in images):
        return None
    polygons = plain_polygons([feature.get("geometry") for feature in features])
    if polygons is None:
        return None
    count = len(features)
    return Taken(polygons, values, list(range(count)), [labels.other] * count)


def one_by_one(labels: Labels, source_file: str) -> tuple[Taken, list[Rejection]]:
    """Take the features that are rows, and say of each other one why it is none."""
    taken, rejections, image = Taken(), [], labels.image
    for line, (feature, value) in enumerate(zip(labels.features, labels.values, strict=True)):
        found = polygons_of(feature.get("geometry"), split=labels.form is LabelForm.LONLAT)
        number = _id(value)
        named = feature["properties"].get(_IMAGE)
        reason = found.reason or (number if isinstance(number, str) else None)
        reason = reason or (None if named is None else _reason_of_image(str(named), image))
        if reason is not None or isinstance(number, str):
            text = row_text(image.filename, printable(str(value)), geometry_text(feature))
            found_there = (source_file, line + 1, text, str(reason), image.filename)
            rejections.append(Rejection(*found_there))
            continue
        spelling = () if type(value) is int else (OtherForm.ID_SPELLING,)
        count = len(found.polygons)
        taken.polygons += found.polygons
        taken.ids += [number] * count
        taken.lines += [line] * count
        taken.forms += [found.forms + labels.other + spelling] * count
    return taken, rejections


def _id(value: object) -> int | str:
    if type(value) is int and 0 <= value < 2**31:
        return value
    if isinstance(value, float) and value.is_integer():
        return read_id(str(int(value)))
    return read_id(str(value))


def _reason_of_image(named: str, image: ImageName) -> str | None:
    if canonical_filename(named)[0] == image.filename:
        return None
    return Reason.OTHER_IMAGE.found(printable(named))


class Identities:
    """The buildings of one chip that have no ids; asked month by month.

    SpaceNet 7's ``labels`` give every building the id 0. A building keeps its polygon to the
    letter from month to month, so equal texts within a chip are the same building. Ids follow the
    rule of the published ones: the first month 0..N-1 by decreasing area, later ones the running
    maximum + 1. Exact duplicates within a month are told apart by their order.
    """

    def __init__(self) -> None:
        """Start with no building known."""
        self._ids: dict[tuple[str, int], int] = {}

    def assign(self, texts: list[str]) -> list[int]:
        """Return the building id of each polygon of the chip's next month.

        Args:
            texts: Polygon texts in the order of the file.
        """
        occurrences: Counter[str] = Counter()
        keys = []
        for text in texts:
            keys.append((text, occurrences[text]))
            occurrences[text] += 1
        unknown = [key for key in keys if key not in self._ids]
        if not self._ids:
            unknown.sort(key=lambda key: -_area(key[0]))
        first_free = len(self._ids)
        self._ids.update({key: first_free + n for n, key in enumerate(unknown)})
        return [self._ids[key] for key in keys]


def _area(text: str) -> float:
    area: float = shapely.from_wkt(text, on_invalid="ignore").area
    return area
