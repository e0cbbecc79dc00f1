"""A load's rows into the tables of schema ``raw``, within the load's one transaction.

Into empty tables rows are copied image by image as they come, already frozen. Otherwise the
source's images are compared with the warehouse's when all rows are read, and only those that
differ are written (``loaders.raw.images``).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final, LiteralString

import numpy as np
import polars as pl
import psycopg

from loaders.assembly.batches import Assembled
from loaders.assembly.chips import Image, ImageKey, ImageRows, Integers, Numbers
from loaders.forms.parts import Mask
from loaders.raw import images as settling
from loaders.raw.claims import claims_of, write_claims
from loaders.raw.copying import copy_into, encode_images, encode_text
from loaders.raw.images import Held
from loaders.raw.layout import Layout
from loaders.raw.masks import drop_masks, key_of, masks_of, settle_areas, write_masks
from loaders.raw.withdrawal import give_up_images

FOOTPRINTS_AT_ONCE: Final = 10_000
"""Rows of a statement, at least: most batches bring but a few."""
_SEPARATOR: Final = "\t"
"""Between polygons; no polygon that is loaded holds one, a line feed or a backslash."""


@dataclass(frozen=True, slots=True)
class Changes:
    """What a load did to the images, and what it left alone.

    Attributes:
        changed: Images whose rows are new or differ.
        unchanged: Images that were there with the same rows.
        removed: Images that the source no longer has.
        lost: Filenames of images that stay as they are, since none of their rows can be loaded.
        shrunk: Filenames of images that have fewer rows than before while some were rejected.
        unnamed: How many images stay although the source does not name them, since it has rows
            of which nobody knows the image.
        lost_masks: Masks that stay as they are, since they cannot be read.
        other_versions: By source, how many of the removed it has in a version of its own.
    """

    changed: int
    unchanged: int
    removed: int
    lost: list[str] = field(default_factory=list)
    shrunk: list[str] = field(default_factory=list)
    unnamed: int = 0
    lost_masks: int = 0
    other_versions: dict[str, int] = field(default_factory=dict)


class Store:
    """The raw tables, as one load writes them."""

    def __init__(
        self, connection: psycopg.Connection, layout: Layout, *, load_id: int, source: str
    ) -> None:
        """Look whether the tables are empty.

        Args:
            connection: Within the load's transaction.
            layout: Which tables; those of trackers are never taken for empty, as a load has but
                a part of them.
            load_id: The load.
            source: Identity of its source.
        """
        self._connection = connection
        self._layout = layout
        self._load_id = load_id
        self._source = source
        self._masks: list[Mask] = []
        self._waiting: list[pl.DataFrame] = []
        self._rows_written: dict[ImageKey, int] = {}
        self.is_fresh: Final = layout.is_truth and settling.is_empty(connection)
        if self.is_fresh:
            settling.prepare_for_freezing(connection)

    def known_footprints(self, chip_key: int) -> tuple[Integers, Numbers, pl.Series]:
        """Return building ids, footprint numbers and polygon texts of a chip."""
        row = None if self.is_fresh else self._footprints(chip_key)
        if row is None:
            return np.zeros(0, np.int32), np.zeros(0, np.int16), pl.Series([], dtype=pl.String)
        ids, numbers, polygons = row
        return (
            np.frombuffer(ids, dtype=">i4").astype(np.int32),
            np.frombuffer(numbers, dtype=">i2").astype(np.int16),
            pl.Series(polygons.split(_SEPARATOR), dtype=pl.String),
        )

    def add(self, assembled: Assembled) -> None:
        """Write the footprints that a batch adds, or keep them until there are more."""
        if assembled.footprints.height:
            self._waiting.append(assembled.footprints)
        if sum(frame.height for frame in self._waiting) >= FOOTPRINTS_AT_ONCE:
            self._write_waiting()

    def add_images(self, images: list[ImageRows]) -> None:
        """Write the rows that images have so far; only into empty tables."""
        self._rows_written |= {(image.chip_key, image.time_key): len(image) for image in images}
        self._copy("image_rows", "format binary", encode_images(images, self._layout.tracker))

    def mask(self, mask: Mask) -> None:
        """Keep an image's unusable areas; they are written by ``settle``."""
        self._masks.append(mask)

    def settle(self, images: Sequence[Image], unnamed_rows: int) -> Changes:
        """Make the tables hold just what the source has; call once, when all rows are read.

        Args:
            images: All that it names; those that are lost stay as they are.
            unnamed_rows: Rejected rows of which nobody knows the image. Where there are none, the
                source does not have what it does not name.
        """
        self._write_waiting()
        held = settling.held_images(self._connection, self._layout)
        found = {image.key: image for image in images if not image.is_lost}
        digests = {key: image.rows().digest() for key, image in found.items()}
        changed = {
            key: image
            for key, image in found.items()
            if key not in held or held[key].digest != digests[key]
        }
        settling.write_images(self._connection, self._layout, self._load_id, changed, digests)
        if self._layout.is_truth:
            write_claims(self._connection, self._source, list(found))
        self._write_rows(found, changed, held)
        absent = claims_of(self._connection, self._layout, self._source)
        absent -= {image.key for image in images}
        given_up = set() if unnamed_rows else absent
        withdrawn = give_up_images(self._connection, self._layout, self._source, given_up)
        lost_masks = self._settle_masks(may_withdraw=not unnamed_rows)
        settling.refresh_statistics(
            self._connection,
            self._layout,
            changed.values(),
            has_new_chip=_has_new_chip(found, held),
        )
        return Changes(
            changed=len(changed),
            unchanged=len(found) - len(changed),
            removed=len(withdrawn.images),
            lost=[image.name.filename for image in images if image.is_lost],
            shrunk=_shrunk(changed, held),
            unnamed=len(absent) - len(given_up),
            lost_masks=lost_masks,
            other_versions=withdrawn.other_versions,
        )

    def _write_rows(
        self,
        found: dict[ImageKey, Image],
        changed: dict[ImageKey, Image],
        held: dict[ImageKey, Held],
    ) -> None:
        if self.is_fresh:
            written = self._rows_written
            left = [image for key, image in found.items() if written.get(key) != image.row_count]
            settling.delete_rows(
                self._connection,
                self._layout,
                [image.key for image in left if image.key in written],
            )
            self._copy_images(left)
            settling.finish_freezing(self._connection)
        else:
            stale = [key for key in changed if key in held]
            settling.delete_rows(self._connection, self._layout, stale)
            self._copy_images(changed.values())
            settling.delete_orphans(self._connection, self._layout, stale)

    def _settle_masks(self, *, may_withdraw: bool) -> int:
        """Write masks; return how many stay as they are."""
        if not self._layout.is_truth:
            return 0
        readable = [mask for mask in self._masks if not mask.is_lost]
        write_masks(self._connection, self._load_id, self._source, readable)
        if may_withdraw:
            absent = masks_of(self._connection, self._source)
            absent -= {key_of(mask) for mask in self._masks}
            drop_masks(self._connection, self._source, absent)
        settle_areas(self._connection, self._load_id)
        return len(self._masks) - len(readable)

    def _footprints(self, chip_key: int) -> tuple[bytes, bytes, str] | None:
        # One row of aggregates instead of thousands of rows; all three take the rows in one order.
        row = self._connection.execute(
            self._layout.compose(
                """
                select
                    string_agg(int4send(building_id), ''),
                    string_agg(int2send(footprint_no), ''),
                    string_agg(polygon, %s)
                from {footprint}
                where chip_key = %s and {is_mine}
                having count(*) > 0
                """
            ),
            (_SEPARATOR, chip_key),
            binary=True,
        ).fetchone()
        return None if row is None else (row[0], row[1], row[2])

    def _write_waiting(self) -> None:
        if self._waiting:
            footprints = pl.concat(self._waiting)
            frame = footprints.with_columns(pl.lit(self._load_id).alias("load_id"))
            self._copy("footprint", "format text", encode_text(self._layout.signed(frame)))
            self._waiting.clear()

    def _copy_images(self, images: Iterable[Image]) -> None:
        rows = [image.rows() for image in images]
        if rows:
            self._copy("image_rows", "format binary", encode_images(rows, self._layout.tracker))

    def _copy(self, table: str, options: LiteralString, data: bytes) -> None:
        name = self._layout.table(table)
        if self.is_fresh:
            copy_into(self._connection, name, options + ", freeze", data)
        else:
            copy_into(self._connection, name, options, data)


def _shrunk(changed: dict[ImageKey, Image], held: dict[ImageKey, Held]) -> list[str]:
    return [
        image.name.filename
        for key, image in changed.items()
        if image.rejected_count and key in held and image.row_count < held[key].row_count
    ]


def _has_new_chip(found: dict[ImageKey, Image], held: dict[ImageKey, Held]) -> bool:
    known = {chip_key for chip_key, _ in held}
    return any(chip_key not in known for chip_key, _ in found)
