"""Rows into what the warehouse stores: images, new footprints, narrow rows.

Works through a source batch by batch and keeps only narrow state (``chips``), so memory does not
grow with the file. The order of the rows does not matter; a file sorted by image, as SpaceNet 7's
is, is fast.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import polars as pl

from loaders.assembly.chips import Chip, Image, ImageRows, Integers, Numbers
from loaders.assembly.numbering import Attempt, Group, Rows
from loaders.forms.parts import Batch, Rejection, Truths, row_text
from loaders.terms.hashes import Hashes, hashes_of
from loaders.terms.names import NameRejectedError, parse_filename
from loaders.terms.other_forms import Other, OtherForm, canonical_filename, canonical_polygons
from loaders.terms.polygons import reasons_of, suspects_among
from loaders.terms.reasons import Reason

KnownFootprints = Callable[[int], tuple[Integers, Numbers, pl.Series]]
"""Gives the footprints of a chip that the warehouse has: building ids, numbers, polygon texts."""

FOOTPRINT_SCHEMA: Final = {
    "chip_key": pl.Int32(),
    "building_id": pl.Int32(),
    "footprint_no": pl.Int16(),
    "polygon": pl.String(),
}
_FEW_RUNS: Final = 4
NOTHING: Final = ("POLYGON EMPTY", "MULTIPOLYGON EMPTY", "GEOMETRYCOLLECTION EMPTY")
"""What stands for the polygon where a tracker found none."""
MOST_BAD_NAMES: Final = 10_000
"""To be remembered, so that memory does not grow with them."""


@dataclass(frozen=True, slots=True)
class Assembled:
    """What a batch adds.

    Attributes:
        row_count: How many of its rows are loaded.
        footprints: New footprints, of ``FOOTPRINT_SCHEMA``.
        rejections: Its other rows.
        other_forms: How many of the rows that are loaded had another form, by kind.
    """

    row_count: int
    footprints: pl.DataFrame
    rejections: list[Rejection]
    other_forms: Counter[OtherForm]


class Assembly:
    """The images of a source, as far as it was read."""

    def __init__(self, known_footprints: KnownFootprints, *, may_say_nothing: bool = False) -> None:
        """Start with nothing read.

        Args:
            known_footprints: Asked once for each chip that the source names.
            may_say_nothing: An empty polygon is no fault but says that an image has no building.
        """
        self._known_footprints = known_footprints
        self._may_say_nothing = may_say_nothing
        self._chips: dict[int, Chip] = {}
        self._images: dict[str, Image] = {}
        self._other_names: dict[str, tuple[Image, Other]] = {}
        self._bad_names: dict[str, str] = {}
        self._current: set[str] = set()
        self._passed: set[str] = set()
        self._left: set[str] = set()
        self.unnamed_count = 0

    @property
    def images(self) -> list[Image]:
        """All images that the source named, in the order they came."""
        return list(self._images.values())

    @property
    def chip_keys(self) -> list[int]:
        """All chips of which something can be loaded."""
        found = (image.name.chip_key for image in self._images.values() if not image.is_lost)
        return list(dict.fromkeys(found))

    def name(self, filename: str) -> Image | str:
        """Return the image of a filename, or the reason to reject its rows."""
        image = self._images.get(filename)
        if image is not None:
            return image
        other = self._other_names.get(filename)
        if other is not None:
            return other[0]
        reason = self._bad_names.get(filename)
        return reason if reason is not None else self._meet(filename)

    def add(self, batch: Batch) -> Assembled:
        """Take in rows that have the form of a row, and judge what they say."""
        nothing_count = 0
        if self._may_say_nothing:
            batch, nothing_count = self._without_nothing(batch)
        given, ids = batch, batch.frame["id"].to_numpy()
        groups, reasons = self._group(batch.frame["filename"], batch.starts)
        is_canonical = False
        while True:
            attempt = _attempt(groups, ids, batch.hashes)
            new = attempt.new_rows()
            brought = batch.frame.select("id", "geometry")[new]
            suspects = suspects_among(brought["geometry"])
            if not suspects.size:
                break
            if not is_canonical:
                attempt.undo()
                batch, is_canonical = _canonical(batch), True
                continue
            bad = reasons_of(brought["geometry"], suspects)
            if not bad:
                break
            attempt.undo()
            bad_polygons = {int(batch.hashes[new[at]]): reason for at, reason in bad.items()}
            groups = _set_aside(groups, batch.hashes, bad_polygons, reasons)
        reasons.update(_describe(attempt.duplicates))
        self._pass_on({group.image.name.filename for group in groups})
        other_forms = self._other_forms(batch, attempt.numbers != 0)
        return Assembled(
            int(np.count_nonzero(attempt.numbers)) + nothing_count,
            _footprints(brought, new, attempt),
            _rejections(given, reasons),
            other_forms + Counter({OtherForm.NOTHING: nothing_count}),
        )

    def _without_nothing(self, batch: Batch) -> tuple[Batch, int]:
        """Meet images that rows say to be empty; return the other rows, and how many those were.

        A row whose filename names no image is left, to be rejected for that.
        """
        says_nothing = batch.frame["geometry"].is_in(NOTHING)
        names = batch.frame["filename"].filter(says_nothing).unique()
        known = [name for name in names if isinstance(self.name(name), Image)]
        taken = (says_nothing & batch.frame["filename"].is_in(known)).to_numpy()
        count = int(np.count_nonzero(taken))
        return (batch.take(~taken), count) if count else (batch, 0)

    def _other_forms(self, batch: Batch, is_loaded: Truths) -> Counter[OtherForm]:
        """Count the rows that are loaded and had another form."""
        counts = Counter(
            {form: int(np.count_nonzero(rows & is_loaded)) for form, rows in batch.forms.items()}
        )
        if self._other_names:
            ends = np.append(batch.starts[1:], len(is_loaded))
            names = batch.frame["filename"].gather(batch.starts).to_list()
            for name, start, end in zip(names, batch.starts, ends, strict=True):
                for form in self._other_names[name][1] if name in self._other_names else ():
                    counts[form] += int(np.count_nonzero(is_loaded[start:end]))
        return +counts

    def miss(self, rejections: list[Rejection]) -> None:
        """Note whose rows cannot be loaded; ``unnamed_count`` counts those that name no image."""
        for rejection in rejections:
            if rejection.is_of_mask:
                continue
            image = None if rejection.filename is None else self.name(rejection.filename)
            if isinstance(image, Image):
                image.rejected_count += 1
            else:
                self.unnamed_count += 1

    def take_left(self) -> list[ImageRows]:
        """Return the rows of images that the source has left behind, each once.

        It may come back to one: whoever takes it looks at its ``row_count`` again at the end.
        """
        left, self._left = self._left, set()
        images = (self._images[filename] for filename in sorted(left))
        return [image.rows() for image in images if image.row_count]

    def _pass_on(self, filenames: set[str]) -> None:
        """Note which images the source is at, and which it has left behind."""
        if filenames:
            self._left |= self._current - filenames - self._passed
            self._passed |= self._left
            self._current = filenames

    def _meet(self, filename: str) -> Image | str:
        stem, other = canonical_filename(filename)
        if other:
            image = self.name(stem)
            if isinstance(image, Image):
                self._other_names[filename] = (image, other)
            return image
        try:
            name = parse_filename(filename)
        except NameRejectedError as error:
            if len(self._bad_names) > MOST_BAD_NAMES:
                self._bad_names.clear()
            self._bad_names[filename] = str(error)
            return str(error)
        chip = self._chips.get(name.chip_key)
        if chip is None:
            chip = self._chips[name.chip_key] = Chip()
            ids, numbers, polygons = self._known_footprints(name.chip_key)
            chip.remember(ids, numbers, hashes_of(polygons))
        image = self._images[filename] = Image(name, chip)
        return image

    def _group(self, filenames: pl.Series, starts: Rows) -> tuple[list[Group], dict[int, str]]:
        groups: list[Group] = []
        reasons: dict[int, str] = {}
        for filename, rows in _runs(filenames, starts):
            image = self.name(filename)
            if isinstance(image, Image):
                groups.append(Group(image, rows))
            else:
                reasons.update(dict.fromkeys(rows.tolist(), image))
        return groups, reasons


def _runs(filenames: pl.Series, starts: Rows) -> Iterator[tuple[str, Rows]]:
    """Yield each filename with its rows: once per run, or once in all where runs are many."""
    names = filenames.gather(starts).to_list()
    if len(starts) <= _FEW_RUNS * len(set(names)):
        ends = np.append(starts[1:], len(filenames))
        for name, start, end in zip(names, starts, ends, strict=True):
            yield name, np.arange(start, end)
        return
    numbered = pl.DataFrame({"name": filenames}).with_row_index("row")
    by_name = numbered.group_by("name", maintain_order=True).agg("row")
    for name, rows in zip(by_name["name"], by_name["row"], strict=True):
        yield name, rows.to_numpy().astype(np.int64)


def _canonical(batch: Batch) -> Batch:
    """Give polygons that cannot be loaded as they stand the canonical form that they have."""
    found = canonical_polygons(batch.frame["geometry"])
    if not found.forms:
        return batch
    frame = batch.frame.with_columns(found.texts.alias("geometry"))
    return replace(batch, frame=frame, forms={**batch.forms, **found.forms})


def _attempt(groups: list[Group], ids: Integers, hashes: Hashes) -> Attempt:
    attempt = Attempt(np.zeros(len(ids), dtype=np.int16))
    for group in groups:
        attempt.number(group, ids[group.rows], hashes[group.rows])
    return attempt


def _set_aside(
    groups: list[Group], hashes: Hashes, bad: dict[int, str], reasons: dict[int, str]
) -> list[Group]:
    """Take rows with bad polygons out of their groups and note the reason of each."""
    bad_hashes = np.fromiter(bad, dtype=np.uint64, count=len(bad))
    kept: list[Group] = []
    for group in groups:
        is_bad = np.isin(hashes[group.rows], bad_hashes)
        for row in group.rows[is_bad].tolist():
            reasons[row] = bad[int(hashes[row])]
        kept.append(Group(group.image, group.rows[~is_bad]))
    return kept


def _describe(duplicates: dict[int, bool]) -> dict[int, str]:
    details = {True: "with another polygon", False: "with the same polygon"}
    return {row: Reason.DUPLICATE.found(details[differs]) for row, differs in duplicates.items()}


def _footprints(brought: pl.DataFrame, rows: Rows, attempt: Attempt) -> pl.DataFrame:
    columns = {
        "chip_key": attempt.new_chip_keys(),
        "building_id": brought["id"],
        "footprint_no": attempt.numbers[rows],
        "polygon": brought["geometry"],
    }
    return pl.DataFrame(columns, schema=FOOTPRINT_SCHEMA)


def _rejections(batch: Batch, reasons: dict[int, str]) -> list[Rejection]:
    if not reasons:
        return []
    rows = sorted(reasons)
    found = []
    for row, values in zip(rows, batch.frame[rows].iter_rows(), strict=True):
        file, line = batch.files.place(int(batch.lines[row]))
        name = canonical_filename(values[0])[0]
        found.append(Rejection(file, line, row_text(*values), reasons[row], name))
    return found
