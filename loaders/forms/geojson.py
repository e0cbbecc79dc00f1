"""GeoJSON labels of SpaceNet 7's tree into rows like those of its CSV."""

from collections import defaultdict
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import polars as pl

from loaders.forms.csv_rows import reason_of_id
from loaders.forms.identities import Identities
from loaders.forms.parts import ROW_SCHEMA, Batch, KnownImage, Part, Rejection, row_text
from loaders.forms.projection import LabelForm, to_pixels
from loaders.forms.vector import Features, UnreadableFileError, read_features
from loaders.forms.wkt import PolygonTexts, polygon_texts
from loaders.terms.names import ImageName, NameRejectedError, parse_filename
from loaders.terms.reasons import Reason

_ID: Final = "Id"
_IMAGE: Final = "image_fname"
_UNKNOWN_ID: Final = "0"


class LabelReader:
    """Reads label files, those of a chip in the order of their months."""

    def __init__(self) -> None:
        """Start with no building known."""
        self._identities: dict[str, Identities] = defaultdict(Identities)
        self._texts: dict[bytes | None, PolygonTexts] = {}
        self._chip_id = ""

    def read(self, content: bytes, path: Path, source_file: str) -> Iterator[Part]:
        """Yield the rows of one file, or why it has none.

        Args:
            content: Its bytes.
            path: Its path: the folder tells its coordinates, the name its image.
            source_file: What to call it.
        """
        filename = path.name.removesuffix(".geojson").removesuffix("_Buildings")
        form = LabelForm(path.parent.name)
        try:
            image = parse_filename(filename)
            features = read_features(content)
        except NameRejectedError as error:
            yield Rejection(source_file, 0, path.name, str(error))
        except UnreadableFileError as error:
            yield Rejection(source_file, 0, path.name, Reason.FILE.found(error), filename)
        else:
            yield from self._read(features, form, image, source_file)

    def _read(
        self, features: Features, form: LabelForm, image: ImageName, source_file: str
    ) -> Iterator[Part]:
        yield KnownImage(image.filename, source_file)
        numbers = _ids_of(features, form)
        images = features.properties.get(_IMAGE)
        rows: list[tuple[str, str]] = []
        lines: list[int] = []
        for line, (geometry, number) in enumerate(
            zip(features.geometries, numbers, strict=True), start=1
        ):
            found = self._polygons(geometry, form, image)
            other = None if images is None else _reason_of_image(images[line - 1], image)
            reason = found.reason or reason_of_id(number) or other
            if reason is None:
                rows += [(number, text) for text in found.texts]
                lines += [line] * len(found.texts)
            else:
                text = row_text(image.filename, number, found.texts[0])
                yield Rejection(source_file, line, text, reason, image.filename)
        if rows:
            yield self._batch(rows, lines, form, image, source_file)

    def _polygons(self, geometry: bytes | None, form: LabelForm, image: ImageName) -> PolygonTexts:
        if self._chip_id != image.chip_id:
            self._chip_id, self._texts = image.chip_id, {}
        known = self._texts.get(geometry)
        if known is None:
            place = partial(to_pixels, form=form, image=image)
            known = polygon_texts(geometry, place, split=form is LabelForm.LONLAT)
            self._texts[geometry] = known
        return known

    def _batch(
        self,
        rows: list[tuple[str, str]],
        lines: list[int],
        form: LabelForm,
        image: ImageName,
        source_file: str,
    ) -> Batch:
        texts = [text for _, text in rows]
        if form is LabelForm.LONLAT:
            ids = self._identities[image.chip_id].assign(texts)
        else:
            ids = [int(number) for number, _ in rows]
        columns = {"filename": [image.filename] * len(rows), "id": ids, "geometry": texts}
        frame = pl.DataFrame(columns, schema=ROW_SCHEMA)
        return Batch(frame, np.array(lines, dtype=np.int64), source_file)


def _ids_of(features: Features, form: LabelForm) -> list[str]:
    """Return the ids as text; where the form has none, zeros."""
    if form is LabelForm.LONLAT:
        return [_UNKNOWN_ID] * len(features.geometries)
    numbers: npt.NDArray[Any] | None = features.properties.get(_ID)
    if numbers is None:
        return [""] * len(features.geometries)
    return [_plain(number) for number in numbers.tolist()]


def _plain(number: object) -> str:
    if isinstance(number, float) and number.is_integer():
        return str(int(number))
    return str(number)


def _reason_of_image(named: object, image: ImageName) -> str | None:
    if str(named).removesuffix(".tif") == image.filename:
        return None
    return Reason.OTHER_IMAGE.found(named)
