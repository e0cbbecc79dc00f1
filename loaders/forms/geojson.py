"""GeoJSON labels of SpaceNet 7's tree into rows like those of its CSV."""

from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy as np
import polars as pl

from loaders.forms.csv_rows import read_id
from loaders.forms.features import Feature, Features, UnreadableFileError, read_features
from loaders.forms.identities import Identities
from loaders.forms.parts import (
    ROW_SCHEMA,
    Batch,
    FileLines,
    KnownImage,
    Part,
    Rejection,
    Rejections,
    row_text,
)
from loaders.forms.wkt import Points, Ring, geometry_text, plain_polygons, polygon_text, polygons_of
from loaders.terms.names import ImageName, NameRejectedError, parse_filename
from loaders.terms.other_forms import HIGHEST_ID, Other, OtherForm, canonical_filename
from loaders.terms.projection import LabelForm, to_pixels
from loaders.terms.reasons import Reason, printable

_ID: Final = "Id"
_IMAGE: Final = "image_fname"
_UNKNOWN_ID: Final = 0
ROWS_AT_ONCE: Final = 20_000

GetId = Callable[[Feature], object]


@dataclass(slots=True)
class _Rows:
    """Polygons as they are found: one element each, and the files that they were found in."""

    images: list[str] = field(default_factory=list)
    ids: list[int] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    lines: list[int] = field(default_factory=list)
    forms: list[Other] = field(default_factory=list)
    files: list[str] = field(default_factory=list)
    starts: list[int] = field(default_factory=list)

    def batch(self) -> Batch:
        """Return them as a batch."""
        columns = {"filename": self.images, "id": self.ids, "geometry": self.texts}
        kinds = {kind for forms in set(self.forms) for kind in forms}
        return Batch(
            pl.DataFrame(columns, schema=ROW_SCHEMA),
            np.array(self.lines, dtype=np.int64),
            FileLines(tuple(self.files), (1,) * len(self.files), tuple(self.starts)),
            {kind: np.array([kind in each for each in self.forms]) for kind in kinds},
        )


@dataclass(frozen=True, slots=True)
class _Labels:
    """The features of a file, what stands for the id of each, and whether that is another form."""

    features: list[Feature]
    values: list[Any]
    other: Other
    form: LabelForm
    image: ImageName


@dataclass(slots=True)
class _Taken:
    """The polygons of a file that are rows, one element each; lines count features from 0."""

    polygons: list[list[Ring]] = field(default_factory=list)
    ids: list[int] = field(default_factory=list)
    lines: list[int] = field(default_factory=list)
    forms: list[Other] = field(default_factory=list)


class LabelReader:
    """Reads label files, those of a chip in the order of their months.

    Rows wait until there are many: files are small, and a batch has its price.
    """

    def __init__(self) -> None:
        """Start with no building known."""
        self._identities: dict[str, Identities] = defaultdict(Identities)
        self._known: dict[Points, str] = {}
        self._chip_id = ""
        self._rows = _Rows()
        self._feature_count = 0

    def read(self, content: bytes, path: Path, source_file: str) -> Iterator[Part]:
        """Yield rows of this file or those before, or why it has none; ``rest`` yields the last.

        Args:
            content: Its bytes.
            path: Its path: the folder tells its coordinates, the name its image.
            source_file: What to call it.
        """
        form = LabelForm(path.parent.name)
        name = printable(path.name)
        try:
            image = parse_filename(canonical_filename(name)[0])
        except NameRejectedError as error:
            yield Rejections([Rejection(source_file, 0, name, str(error))])
            return
        try:
            features = read_features(content)
            number_of, other = _ids_of(features, form)
        except UnreadableFileError as error:
            yield _rejected(source_file, name, image, Reason.FILE.found(error))
        except _NoIdsError as error:
            yield _rejected(source_file, name, image, str(error))
        else:
            yield KnownImage(image.filename, source_file)
            if image.chip_id != self._chip_id or len(self._rows.ids) > ROWS_AT_ONCE:
                yield from self.rest()
            self._rows.files.append(source_file)
            self._rows.starts.append(self._feature_count)
            values = [number_of(feature) for feature in features.features]
            labels = _Labels(features.features, values, other, form, image)
            rejections: list[Rejection] = []
            taken = _all_at_once(labels)
            if taken is None:
                taken, rejections = _one_by_one(labels, source_file)
            self._take(taken, form, image)
            self._feature_count += len(features.features)
            if rejections:
                yield Rejections(rejections)

    def rest(self) -> Iterator[Batch]:
        """Yield the rows that wait."""
        if self._rows.ids:
            yield self._rows.batch()
        self._rows, self._feature_count = _Rows(), 0

    def _take(self, taken: _Taken, form: LabelForm, image: ImageName) -> None:
        """Add the polygons of a file to the rows that wait."""
        if image.chip_id != self._chip_id:
            self._chip_id, self._known = image.chip_id, {}
        texts = self._texts(taken.polygons, form, image)
        is_unnamed = form is LabelForm.LONLAT
        rows = self._rows
        rows.images += [image.filename] * len(texts)
        rows.ids += self._identities[image.chip_id].assign(texts) if is_unnamed else taken.ids
        rows.texts += texts
        rows.lines += [self._feature_count + line for line in taken.lines]
        rows.forms += taken.forms

    def _texts(self, polygons: list[list[Ring]], form: LabelForm, image: ImageName) -> list[str]:
        """Return polygons as texts in pixels, all of a file projected at once."""
        if form is not LabelForm.PIXEL:
            points = [point for rings in polygons for ring in rings for point in ring]
            with np.errstate(all="ignore"):
                placed = to_pixels(np.array(points, np.float64).reshape(-1, 2), form, image)
            left = iter(placed.tolist())
            polygons = [[[next(left) for _ in ring] for ring in rings] for rings in polygons]
        return [polygon_text(rings, self._known) for rings in polygons]


def _rejected(source_file: str, name: str, image: ImageName, reason: str) -> Rejections:
    return Rejections([Rejection(source_file, 0, name, reason, image.filename)])


class _NoIdsError(Exception):
    """A file whose features have no ids; the message is the reason to reject it with."""


def _ids_of(features: Features, form: LabelForm) -> tuple[GetId, Other]:
    """Return how a feature's id is found, and whether that is another form."""
    if form is LabelForm.LONLAT or not features.features:
        return lambda _: _UNKNOWN_ID, ()
    names = features.property_names()
    if _ID in names:
        return lambda feature: feature["properties"].get(_ID), ()
    name = next((name for name in names if name.lower() == _ID.lower()), None)
    if name is not None:
        return lambda feature: feature["properties"].get(name), (OtherForm.ID_PROPERTY,)
    if any("id" in feature for feature in features.features):
        return lambda feature: feature.get("id"), (OtherForm.ID_PROPERTY,)
    known = ", ".join(map(printable, names)) or "none"
    count = len(features.features)
    raise _NoIdsError(Reason.ID_MISSING.found(f"no {_ID!r} in {count:,} features, but {known}"))


def _all_at_once(labels: _Labels) -> _Taken | None:
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
    return _Taken(polygons, values, list(range(count)), [labels.other] * count)


def _one_by_one(labels: _Labels, source_file: str) -> tuple[_Taken, list[Rejection]]:
    """Take the features that are rows, and say of each other one why it is none."""
    taken, rejections, image = _Taken(), [], labels.image
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
