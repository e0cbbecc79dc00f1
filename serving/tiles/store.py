"""Tiles of chips as the warehouse keeps them, zipped once per change."""

import gzip
from collections import OrderedDict
from dataclasses import dataclass
from typing import Final

from psycopg import sql

from serving.lookup.pool import Pool

KEPT_BYTES: Final = 32 * 1024 * 1024
"""Of zipped tiles in memory; the one that was asked for longest ago is forgotten first."""

_LEVEL: Final = 6
_TAG: Final = sql.SQL("select etag from layers.chip_tile where chip_key = %s")
_TILE: Final = sql.SQL("select etag, mvt from layers.chip_tile where chip_key = %s")


@dataclass(frozen=True, slots=True)
class Tile:
    """A vector tile.

    Attributes:
        tag: Changes with its contents.
        zipped: The tile, gzipped.
    """

    tag: str
    zipped: bytes


class TileStore:
    """Reads ``layers.chip_tile``: the tag each time, the tile when the tag is a new one.

    PostgreSQL cannot gzip, so this is done here, when a tile is asked for the first time.
    """

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._kept: OrderedDict[int, Tile] = OrderedDict()
        self._size = 0

    async def tag(self, chip_key: int) -> str | None:
        """Return the tag of a chip's tile; none where there is no such chip.

        Raises:
            DatabaseGoneError: The warehouse does not answer, or has no tiles.
        """
        rows = await self._pool.fetch(_TAG, [chip_key])
        return rows[0][0] if rows else None

    async def tile(self, chip_key: int, tag: str) -> Tile | None:
        """Return a chip's tile as it is now; none where it went.

        Args:
            chip_key: The chip.
            tag: What ``tag`` has returned: a tile in memory that has it is current.

        Raises:
            DatabaseGoneError: The warehouse does not answer.
        """
        kept = self._kept.get(chip_key)
        if kept is not None and kept.tag == tag:
            self._kept.move_to_end(chip_key)
            return kept
        rows = await self._pool.fetch(_TILE, [chip_key])
        if not rows:
            return None
        found = Tile(tag=rows[0][0], zipped=gzip.compress(rows[0][1], _LEVEL, mtime=0))
        self._keep(chip_key, found)
        return found

    def _keep(self, chip_key: int, tile: Tile) -> None:
        before = self._kept.pop(chip_key, None)
        self._size += len(tile.zipped) - (len(before.zipped) if before else 0)
        self._kept[chip_key] = tile
        while self._size > KEPT_BYTES:
            _, gone = self._kept.popitem(last=False)
            self._size -= len(gone.zipped)
