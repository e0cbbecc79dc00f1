"""GeoJSON labels of SpaceNet 7's tree into rows like those of its CSV."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import numpy as np
import orjson
import polars as pl

from loaders.forms.features import (
    FeatureLines,
    UnreadableFileError,
    feature_lines,
    feature_of,
    read_features,
)
from loaders.forms.labels import ID, Identities, Labels, NoIdsError, all_at_once, ids_of, one_by_one
from loaders.forms.parts import (
    ROW_SCHEMA,
    Batch,
    FileLines,
    KnownImage,
    Part,
    Rejection,
    Rejections,
)
from loaders.forms.wkt import Points, Ring, polygon_text
from loaders.terms.names import ImageName, NameRejectedError, parse_filename
from loaders.terms.other_forms import Other, canonical_filename
from loaders.terms.projection import LabelForm, to_pixels
from loaders.terms.reasons import Reason, printable

ROWS_AT_ONCE: Final = 20_000


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
class _Found:
    """What one file has: a row for each element, and the features that are none.

    Attributes:
        lines: Number of each row's feature, from 0.
        feature_count: Of all features, rejected ones too.
    """

    ids: list[int]
    texts: list[str]
    lines: Iterable[int]
    forms: list[Other]
    feature_count: int
    rejections: list[Rejection] = field(default_factory=list)


class LabelReader:
    """Reads label files, those of a chip in the order of their months.

    Rows wait until there are many: files are small, and a batch has its price.
    """

    def __init__(self) -> None:
        """Start with no building known."""
        self._identities: dict[str, Identities] = defaultdict(Identities)
        self._known: dict[Points, str] = {}
        self._rows_of_lines: dict[bytes, tuple[int, str]] = {}
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
        if image.chip_id != self._chip_id or len(self._rows.ids) > ROWS_AT_ONCE:
            yield from self.rest()
        if image.chip_id != self._chip_id:
            self._chip_id, self._known, self._rows_of_lines = image.chip_id, {}, {}
        try:
            found = self._recognized(content, form, image) or self._parsed(
                content, form, image, source_file
            )
        except UnreadableFileError as error:
            yield _rejected(source_file, name, image, Reason.FILE.found(error))
        except NoIdsError as error:
            yield _rejected(source_file, name, image, str(error))
        else:
            yield KnownImage(image.filename, source_file)
            self._add(found, image, source_file)
            if found.rejections:
                yield Rejections(found.rejections)

    def rest(self) -> Iterator[Batch]:
        """Yield the rows that wait."""
        if self._rows.ids:
            yield self._rows.batch()
        self._rows, self._feature_count = _Rows(), 0

    def _recognized(self, content: bytes, form: LabelForm, image: ImageName) -> _Found | None:
        """Find rows by lines that were there in another month; the others are parsed.

        None where the file has not a feature on each line, or one that is not plain.
        """
        lines = feature_lines(content, image.filename) if form is LabelForm.PIXEL else None
        if lines is None:
            return None
        rows = self._rows_of_lines
        new = [number for number, key in enumerate(lines.keys) if key not in rows]
        if new and not self._learned(lines, new, image):
            return None
        ids, texts = map(list, zip(*map(rows.__getitem__, lines.keys), strict=True))
        count = len(ids)
        return _Found(ids, texts, range(count), [()] * count, count)

    def _learned(self, lines: FeatureLines, new: list[int], image: ImageName) -> bool:
        """Learn the rows of new lines; none where one of them is not plain."""
        texts_of_lines = lines.texts()
        try:
            features = [feature_of(orjson.loads(texts_of_lines[number])) for number in new]
        except (orjson.JSONDecodeError, UnreadableFileError):
            return False
        values = [feature["properties"].get(ID) for feature in features]
        taken = all_at_once(Labels(features, values, (), LabelForm.PIXEL, image))
        if taken is None:
            return False
        texts = self._texts(taken.polygons, LabelForm.PIXEL, image)
        keys = [lines.keys[number] for number in new]
        self._rows_of_lines.update(zip(keys, zip(taken.ids, texts, strict=True), strict=True))
        return True

    def _parsed(
        self, content: bytes, form: LabelForm, image: ImageName, source_file: str
    ) -> _Found:
        """Find rows by the parsed file.

        Raises:
            UnreadableFileError: It is no GeoJSON.
            NoIdsError: Its features have no ids.
        """
        features = read_features(content).features
        number_of, other = ids_of(features, form)
        values = [number_of(feature) for feature in features]
        labels = Labels(features, values, other, form, image)
        rejections: list[Rejection] = []
        taken = all_at_once(labels)
        if taken is None:
            taken, rejections = one_by_one(labels, source_file)
        texts = self._texts(taken.polygons, form, image)
        is_unnamed = form is LabelForm.LONLAT
        ids = self._identities[image.chip_id].assign(texts) if is_unnamed else taken.ids
        return _Found(ids, texts, taken.lines, taken.forms, len(features), rejections)

    def _add(self, found: _Found, image: ImageName, source_file: str) -> None:
        """Add the rows of a file to those that wait."""
        rows = self._rows
        rows.files.append(source_file)
        rows.starts.append(self._feature_count)
        rows.images += [image.filename] * len(found.ids)
        rows.ids += found.ids
        rows.texts += found.texts
        rows.lines += [self._feature_count + line for line in found.lines]
        rows.forms += found.forms
        self._feature_count += found.feature_count

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
