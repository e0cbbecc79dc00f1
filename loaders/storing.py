"""A load's rows into the tables of schema ``raw``, within the load's one transaction.

Into empty tables rows are copied as they come, already frozen. Otherwise the rows of the source
are compared with the warehouse image by image when all are read, and only images that differ are
written.
"""

import logging
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final, LiteralString

import numpy as np
import polars as pl
import psycopg
from psycopg import sql

from loaders.assembly import Assembled, Observations
from loaders.chips import Image, Integers, Numbers
from loaders.copying import copy_into, encode_csv, encode_observations
from loaders.rows import Rejection

logger = logging.getLogger(__name__)

ROWS_PER_COPY: Final = 250_000
_SEPARATOR: Final = "\t"
ImageKey = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Changes:
    """How many images a load changed, found equal, and removed."""

    changed: int
    unchanged: int
    removed: int


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
        self._is_fresh = self._empty()

    def known_footprints(self, chip_key: int) -> tuple[Integers, Numbers, pl.Series]:
        """Return building ids, footprint numbers and polygon texts of a chip."""
        if self._is_fresh:
            return np.zeros(0, np.int32), np.zeros(0, np.int16), pl.Series([], dtype=pl.String)
        row = self._connection.execute(
            """
            select
                array_agg(building_id order by building_id, footprint_no),
                array_agg(footprint_no order by building_id, footprint_no),
                string_agg(polygon, %s order by building_id, footprint_no)
            from raw.footprint
            where chip_key = %s
            """,
            (_SEPARATOR, chip_key),
        ).fetchone()
        ids, numbers, polygons = row or (None, None, None)
        texts = polygons.split(_SEPARATOR) if polygons is not None else []
        return (
            np.array(ids or [], dtype=np.int32),
            np.array(numbers or [], dtype=np.int16),
            pl.Series(texts, dtype=pl.String),
        )

    def add(self, assembled: Assembled) -> None:
        """Write what a batch adds; observations only where nothing has to be compared."""
        self._copy_footprints(assembled.footprints)
        if self._is_fresh:
            self._copy_observations(assembled.observations)

    def reject(self, rejections: list[Rejection], source_file: str) -> None:
        """Write rows that cannot be loaded."""
        if not rejections:
            return
        frame = pl.DataFrame(
            {
                "load_id": [self._load_id] * len(rejections),
                "source_file": [source_file] * len(rejections),
                "line": [rejection.line for rejection in rejections],
                "text": [rejection.text for rejection in rejections],
                "reason": [rejection.reason.replace("\x00", "\\x00") for rejection in rejections],
            }
        )
        copy_into(self._connection, ("raw", "rejected_row"), "format csv", encode_csv(frame))

    def settle(self, images: list[Image]) -> Changes:
        """Make the tables hold just what the source has; call once, when all rows are read."""
        digests = self._digests()
        found = {(image.name.chip_key, image.name.time_key): image for image in images}
        changed = {key: image for key, image in found.items() if digests.get(key) != image.digest()}
        gone = self._gone(found)
        if not self._is_fresh:
            self._delete_rows([key for key in (*changed, *gone) if key in digests])
            for observations in _in_portions(changed.values()):
                self._copy_observations(observations)
        self._delete_images(gone)
        self._write_images(changed.values())
        self._write_claims(list(found))
        return Changes(len(changed), len(found) - len(changed), len(gone))

    def _empty(self) -> bool:
        row = self._connection.execute(
            """
            select
                not exists (select from raw.observation)
                and not exists (select from raw.footprint)
            """
        ).fetchone()
        is_empty = row is not None and bool(row[0])
        if is_empty:
            # Rows copied frozen need a table that this transaction truncated; with wal_level
            # minimal they then skip the log, too.
            self._connection.execute("truncate raw.observation, raw.footprint")
        return is_empty

    def _copy_footprints(self, footprints: pl.DataFrame) -> None:
        if footprints.height:
            frame = footprints.with_columns(pl.lit(self._load_id).alias("load_id"))
            self._copy("footprint", "format csv", encode_csv(frame))

    def _copy_observations(self, observations: Observations) -> None:
        if len(observations.chip_keys):
            self._copy("observation", "format binary", encode_observations(observations))

    def _copy(self, table: str, options: LiteralString, data: bytes) -> None:
        if self._is_fresh:
            copy_into(self._connection, ("raw", table), options + ", freeze", data)
        else:
            copy_into(self._connection, ("raw", table), options, data)

    def _digests(self) -> dict[ImageKey, bytes]:
        rows = self._connection.execute("select chip_key, time_key, content_digest from raw.image")
        return {(chip_key, time_key): digest for chip_key, time_key, digest in rows}

    def _gone(self, found: dict[ImageKey, Image]) -> list[ImageKey]:
        """Give up this source's claim on images it no longer has; return those nobody has."""
        claims = self._connection.execute(
            "select chip_key, time_key from raw.image_source where source = %s", (self._source,)
        )
        gone = [key for key in claims if key not in found]
        rows = self._connection.execute(
            """
            with given_up as (
                delete from raw.image_source
                using unnest(%(chip_keys)s::integer[], %(time_keys)s::integer[])
                    as gone (chip_key, time_key)
                where
                    image_source.source = %(source)s
                    and image_source.chip_key = gone.chip_key
                    and image_source.time_key = gone.time_key
                returning image_source.*
            )

            select given_up.chip_key, given_up.time_key
            from given_up
            inner join raw.image
                on
                    given_up.chip_key = image.chip_key
                    and given_up.time_key = image.time_key
                    and given_up.image_load_id = image.load_id
            where not exists (
                select from raw.image_source as other
                where
                    other.source <> %(source)s
                    and other.chip_key = image.chip_key
                    and other.time_key = image.time_key
                    and other.image_load_id = image.load_id
            )
            """,
            _keys(gone) | {"source": self._source},
        )
        return [(int(chip_key), int(time_key)) for chip_key, time_key in rows]

    def _delete_rows(self, keys: list[ImageKey]) -> None:
        """Delete the rows of images, and footprints that no row has any more."""
        if not keys:
            return
        self._connection.execute(
            """
            create temporary table dropped_footprint on commit drop as
            with dropped as (
                delete from raw.observation
                using unnest(%(chip_keys)s::integer[], %(time_keys)s::integer[])
                    as image (chip_key, time_key)
                where
                    observation.chip_key = image.chip_key
                    and observation.time_key = image.time_key
                returning
                    observation.chip_key, observation.building_id, observation.footprint_no
            )

            select distinct chip_key, building_id, footprint_no
            from dropped
            """,
            _keys(keys),
        )

    def _delete_images(self, keys: list[ImageKey]) -> None:
        self._connection.execute(
            """
            delete from raw.image
            using unnest(%(chip_keys)s::integer[], %(time_keys)s::integer[])
                as gone (chip_key, time_key)
            where image.chip_key = gone.chip_key and image.time_key = gone.time_key
            """,
            _keys(keys),
        )

    def _write_images(self, images: Iterable[Image]) -> None:
        columns: LiteralString = (
            "chip_key, time_key, filename, mosaic, year, month, chip_id, quad_e, quad_n, "
            "tile_x, tile_y, zoom, row_count, load_id, content_digest"
        )
        statement = sql.SQL(
            "insert into raw.image ({columns}) values ({values}) "
            "on conflict (chip_key, time_key) do update set row_count = excluded.row_count, "
            "load_id = excluded.load_id, content_digest = excluded.content_digest, "
            "loaded_at = clock_timestamp()"
        ).format(
            columns=sql.SQL(columns),
            values=sql.SQL(", ").join(sql.Placeholder() * (columns.count(",") + 1)),
        )
        rows = [self._image_row(image) for image in images]
        with self._connection.cursor() as cursor:
            cursor.executemany(statement, rows)

    def _image_row(self, image: Image) -> tuple[object, ...]:
        name = image.name
        return (
            name.chip_key,
            name.time_key,
            name.filename,
            name.mosaic,
            name.year,
            name.month,
            name.chip_id,
            name.quad_e,
            name.quad_n,
            name.tile_x,
            name.tile_y,
            name.zoom,
            image.row_count,
            self._load_id,
            image.digest(),
        )

    def _write_claims(self, keys: list[ImageKey]) -> None:
        self._connection.execute(
            """
            insert into raw.image_source (source, chip_key, time_key, image_load_id)
            select %(source)s, image.chip_key, image.time_key, image.load_id
            from raw.image
            inner join unnest(%(chip_keys)s::integer[], %(time_keys)s::integer[])
                as found (chip_key, time_key) using (chip_key, time_key)
            on conflict (source, chip_key, time_key) do update
            set image_load_id = excluded.image_load_id
            where image_source.image_load_id <> excluded.image_load_id
            """,
            _keys(keys) | {"source": self._source},
        )


def _keys(keys: list[ImageKey]) -> dict[str, object]:
    return {
        "chip_keys": [chip_key for chip_key, _ in keys],
        "time_keys": [time_key for _, time_key in keys],
    }


def _in_portions(images: Iterable[Image]) -> Iterator[Observations]:
    """Yield the rows of images in portions of about ``ROWS_PER_COPY`` rows."""
    portion: list[Image] = []
    for image in images:
        portion.append(image)
        if sum(one.row_count for one in portion) >= ROWS_PER_COPY:
            yield _observations(portion)
            portion = []
    if portion:
        yield _observations(portion)


def _observations(images: list[Image]) -> Observations:
    counts = [image.row_count for image in images]
    rows = [image.rows() for image in images]
    return Observations(
        np.repeat(np.array([image.name.chip_key for image in images], np.int32), counts),
        np.repeat(np.array([image.name.time_key for image in images], np.int32), counts),
        np.concatenate([ids for ids, _ in rows]),
        np.concatenate([numbers for _, numbers in rows]),
    )
