"""A load's rows into the tables of schema ``raw``, within the load's one transaction.

Into empty tables rows are copied chip by chip as they come, already frozen. Otherwise the source's
images are compared with the warehouse's when all rows are read, and only those that differ are
written (``loaders.raw.images``).
"""

from collections.abc import Iterable
from typing import Final, LiteralString

import numpy as np
import polars as pl
import psycopg

from loaders.assembly.batches import Assembled
from loaders.assembly.chips import Image, Integers, Numbers
from loaders.assembly.observations import Observations, by_chip, observations_of
from loaders.forms.parts import Mask, Rejection
from loaders.raw import images as settling
from loaders.raw.copying import copy_into, encode_csv, encode_observations
from loaders.raw.images import Changes, ImageKey
from loaders.raw.masks import replace_masks

FOOTPRINTS_AT_ONCE: Final = 10_000
"""Rows of a statement, at least: most batches bring but a few."""
_SEPARATOR: Final = "\t"
"""Between polygons; no polygon that was loaded holds one."""


class Store:
    """The raw tables, as one load writes them."""

    def __init__(self, connection: psycopg.Connection, *, load_id: int, source: str) -> None:
        """Look whether the tables are empty.

        Args:
            connection: Within the load's transaction.
            load_id: The load.
            source: Identity of its source.
        """
        self._connection = connection
        self._load_id = load_id
        self._source = source
        self._masks: list[Mask] = []
        self._waiting: list[pl.DataFrame] = []
        self._rows_written: dict[int, int] = {}
        self.is_fresh: Final = settling.is_empty(connection)
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

    def add_chip(self, observations: Observations) -> None:
        """Write rows of a chip; early, all that it has so far, only where nothing is compared."""
        self._rows_written[observations.chip_key] = len(observations)
        self._copy("observation", "format binary", encode_observations(observations))

    def reject(self, rejections: list[Rejection]) -> None:
        """Write rows that cannot be loaded."""
        frame = pl.DataFrame(
            {
                "load_id": [self._load_id] * len(rejections),
                "source_file": [rejection.source_file for rejection in rejections],
                "line": [rejection.line for rejection in rejections],
                "text": [rejection.text for rejection in rejections],
                "reason": [rejection.reason.replace("\x00", "\\x00") for rejection in rejections],
            }
        )
        copy_into(self._connection, ("raw", "rejected_row"), "format csv", encode_csv(frame))

    def mask(self, mask: Mask) -> None:
        """Keep an image's unusable areas; they are written by ``settle``."""
        self._masks.append(mask)

    def settle(self, images: list[Image]) -> Changes:
        """Make the tables hold just what the source has; call once, when all rows are read."""
        self._write_waiting()
        found: dict[ImageKey, Image] = {
            (image.name.chip_key, image.name.time_key): image for image in images
        }
        held = settling.digests(self._connection)
        digests = {key: image.digest() for key, image in found.items()}
        changed = {key: image for key, image in found.items() if held.get(key) != digests[key]}
        gone = settling.give_up_claims(self._connection, self._source, list(found))
        stale = [key for key in (*changed, *gone) if key in held]
        if self.is_fresh:
            self._write_remaining(found.values())
            settling.finish_freezing(self._connection)
        else:
            settling.delete_rows(self._connection, stale)
            for chip_images in by_chip(changed.values()).values():
                self.add_chip(observations_of(chip_images))
            settling.delete_orphans(self._connection, stale)
        settling.delete_images(self._connection, gone)
        settling.write_images(self._connection, self._load_id, changed, digests)
        settling.write_claims(self._connection, self._source, list(found))
        replace_masks(self._connection, self._load_id, self._source, self._masks)
        settling.refresh_statistics(self._connection, changed.values())
        return Changes(len(changed), len(found) - len(changed), len(gone))

    def _footprints(self, chip_key: int) -> tuple[bytes, bytes, str] | None:
        # One row of aggregates instead of thousands of rows; all three take the rows in one order.
        row = self._connection.execute(
            """
            select
                string_agg(int4send(building_id), ''),
                string_agg(int2send(footprint_no), ''),
                string_agg(polygon, %s)
            from raw.footprint
            where chip_key = %s
            having count(*) > 0
            """,
            (_SEPARATOR, chip_key),
            binary=True,
        ).fetchone()
        return None if row is None else (row[0], row[1], row[2])

    def _write_waiting(self) -> None:
        if self._waiting:
            footprints = pl.concat(self._waiting)
            frame = footprints.with_columns(pl.lit(self._load_id).alias("load_id"))
            self._copy("footprint", "format csv", encode_csv(frame))
            self._waiting.clear()

    def _write_remaining(self, images: Iterable[Image]) -> None:
        """Write the chips that are not written, or had more rows after they were."""
        remaining = {
            chip_key: chip_images
            for chip_key, chip_images in by_chip(images).items()
            if self._rows_written.get(chip_key, 0) != sum(image.row_count for image in chip_images)
        }
        begun = [chip_key for chip_key in remaining if chip_key in self._rows_written]
        settling.delete_chips(self._connection, begun)
        for chip_images in remaining.values():
            self.add_chip(observations_of(chip_images))

    def _copy(self, table: str, options: LiteralString, data: bytes) -> None:
        if self.is_fresh:
            copy_into(self._connection, ("raw", table), options + ", freeze", data)
        else:
            copy_into(self._connection, ("raw", table), options, data)
