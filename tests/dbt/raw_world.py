"""Small raw tables made by hand, and what the marts must say of them.

The expectation follows the definitions building by building and month by month; it shares
nothing with the SQL, which works on ranges of months.
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise

import psycopg

from loaders.ledger import ensure_tables

DEMOLITION_MONTHS = 3
GRID = 32

ImageKey = tuple[int, int]
"""chip_key, time_key"""
Box = tuple[int, int]
"""Top left pixel of a building of 4 x 4 px."""


@dataclass(slots=True)
class RawWorld:
    """What the sources say now: per image, the buildings seen and their polygon."""

    images: dict[ImageKey, dict[int, Box]] = field(default_factory=dict)
    hidden: set[ImageKey] = field(default_factory=set)
    """Images whose left half lies under a UDM polygon."""
    _load_ids: dict[ImageKey, int] = field(default_factory=dict)
    _mask_load_ids: dict[ImageKey, int] = field(default_factory=dict)
    _written: dict[ImageKey, dict[int, Box]] = field(default_factory=dict)
    _footprints: dict[tuple[int, int, Box], tuple[int, int]] = field(default_factory=dict)
    _load_id: int = 0

    def write(self, connection: psycopg.Connection) -> None:
        """Write the raw tables as a load does: what changed gets the load's number."""
        self._load_id += 1
        self._mask_load_ids = {
            key: self._mask_load_ids.get(key, self._load_id) for key in self.hidden
        }
        for key in [key for key in self._written if key not in self.images]:
            del self._written[key], self._load_ids[key]
        for key, buildings in self.images.items():
            if self._written.get(key) != buildings:
                self._written[key] = dict(buildings)
                self._load_ids[key] = self._load_id
        self._number_footprints()
        connection.execute("set role loader")
        ensure_tables(connection)
        connection.execute("reset role")
        connection.execute(
            "truncate raw.observation, raw.footprint, raw.image, raw.unusable_area, raw.load_run, "
            "raw.rejected_row, raw.aoi"
        )
        self._write_load(connection)
        self._write_images(connection)
        self._write_rows(connection)
        self._write_unusable_areas(connection)

    def _number_footprints(self) -> None:
        seen = {
            (chip_key, building_id, box)
            for (chip_key, _), buildings in sorted(self.images.items())
            for building_id, box in buildings.items()
        }
        for gone in [key for key in self._footprints if key not in seen]:
            del self._footprints[gone]
        for chip_key, building_id, box in sorted(seen - self._footprints.keys()):
            taken = {
                number
                for (chip, building, _), (number, _) in self._footprints.items()
                if (chip, building) == (chip_key, building_id)
            }
            number = next(n for n in range(1, 100) if n not in taken)
            self._footprints[chip_key, building_id, box] = (number, self._load_id)

    def _write_load(self, connection: psycopg.Connection) -> None:
        count = sum(len(buildings) for buildings in self.images.values())
        with connection.cursor() as cursor:
            cursor.executemany(
                """
                insert into raw.load_run (
                    load_id, source, source_kind, size_bytes, finished_at, rows_read, rows_loaded,
                    rows_rejected, state
                ) overriding system value
                values (%s, 'hand', 'csv', 0, now(), %s, %s, 0, 'loaded')
                """,
                [(load_id, count, count) for load_id in range(1, self._load_id + 1)],
            )

    def _write_images(self, connection: psycopg.Connection) -> None:
        with connection.cursor() as cursor:
            cursor.executemany(
                """
                insert into raw.image (
                    chip_key, time_key, filename, mosaic, year, month, chip_id, quad_e, quad_n,
                    tile_x, tile_y, zoom, row_count, load_id, content_digest
                )
                select
                    k.c, k.t, format('%%s_%%s', k.t, k.c), 'mosaic', k.t / 100, k.t %% 100,
                    k.c::text, k.c / 8192 / 4, (8191 - k.c %% 8192) / 4, k.c / 8192, k.c %% 8192,
                    13, %s, %s, ''
                from (values (%s, %s)) as k (c, t)
                """,
                [
                    (len(buildings), self._load_ids[key], *key)
                    for key, buildings in self.images.items()
                ],
            )

    def _write_rows(self, connection: psycopg.Connection) -> None:
        with connection.cursor() as cursor:
            cursor.executemany(
                "insert into raw.footprint values (%s, %s, %s, %s, %s)",
                [
                    (chip_key, building_id, number, _polygon(box), load_id)
                    for (chip_key, building_id, box), (number, load_id) in self._footprints.items()
                ],
            )
            cursor.executemany(
                "insert into raw.observation values (%s, %s, %s, %s)",
                [
                    (*key, building_id, self._footprints[key[0], building_id, box][0])
                    for key, buildings in self.images.items()
                    for building_id, box in buildings.items()
                ],
            )

    def _write_unusable_areas(self, connection: psycopg.Connection) -> None:
        with connection.cursor() as cursor:
            cursor.executemany(
                """
                insert into raw.unusable_area
                select
                    %(c)s, %(t)s, 1,
                    st_astext(st_transform(st_makeenvelope(
                        st_xmin(tile), st_ymin(tile),
                        (st_xmin(tile) + st_xmax(tile)) / 2, st_ymax(tile), 3857
                    ), 4326), 15),
                    %(load_id)s
                from st_tileenvelope(13, %(c)s / 8192, %(c)s %% 8192) as tile
                """,
                [
                    {"c": chip_key, "t": time_key, "load_id": load_id}
                    for (chip_key, time_key), load_id in sorted(self._mask_load_ids.items())
                ],
            )

    def expected_observations(self) -> set[tuple[object, ...]]:
        """Return chip_key, time_key, building_id and footprint_no of every row."""
        return {
            (*key, building, self._footprints[key[0], building, box][0])
            for key, buildings in self.images.items()
            for building, box in buildings.items()
        }

    def expected_buildings(self) -> set[tuple[object, ...]]:
        """Return the rows of ``dim_building`` without those of polygons."""
        return {
            (
                life.chip_key,
                life.building_id,
                life.seen[0],
                life.seen[-1],
                life.demolished_in(),
                len(life.seen),
                len(life.occluded()),
                life.state(),
            )
            for life in self._lives()
        }

    def expected_chip_months(self) -> set[tuple[object, ...]]:
        """Return the counts of ``fact_chip_month``, and ``known_count``."""
        counts: dict[ImageKey, dict[str, int]] = {
            key: dict.fromkeys(COUNTS, 0) for key, buildings in self.images.items() if buildings
        }
        for life in self._lives():
            for time_key, count in life.counts():
                counts[life.chip_key, time_key][count] += 1
        return {
            (*key, *(count[name] for name in COUNTS), count["seen"] + count["presumed"])
            for key, count in counts.items()
        }

    def expected_cells(self) -> set[tuple[object, ...]]:
        """Return chip_key, time_key, cell_no, building_count and appeared of every used cell."""
        first_months = {
            chip_key: min(self._months(chip_key)) for chip_key in {key[0] for key in self.images}
        }
        firsts = {(life.chip_key, life.building_id): life.seen[0] for life in self._lives()}
        cells: dict[tuple[int, int, int], list[int]] = defaultdict(lambda: [0, 0])
        for (chip_key, time_key), buildings in self.images.items():
            for building_id, (x, y) in buildings.items():
                cell = (y + 2) // GRID * GRID + (x + 2) // GRID
                counts = cells[chip_key, time_key, cell]
                counts[0] += 1
                counts[1] += (
                    firsts[chip_key, building_id] == time_key and time_key > first_months[chip_key]
                )
        return {(*key, *counts) for key, counts in cells.items()}

    def _months(self, chip_key: int) -> list[int]:
        return sorted(
            time for (chip, time), seen in self.images.items() if chip == chip_key and seen
        )

    def _lives(self) -> Iterator["Life"]:
        for chip_key in sorted({key[0] for key in self.images}):
            months = self._months(chip_key)
            for building_id in sorted(
                {b for month in months for b in self.images[chip_key, month]}
            ):
                seen = [m for m in months if building_id in self.images[chip_key, m]]
                hidden = self._hidden_from(chip_key, building_id, seen)
                yield Life(chip_key, building_id, months, seen, hidden)

    def _hidden_from(self, chip_key: int, building_id: int, seen: list[int]) -> set[int]:
        """Return months in which the UDM covers the building's place: where it was last seen
        before or, if never, where it is first seen.
        """
        hidden = set()
        for month in (time_key for chip, time_key in self.hidden if chip == chip_key):
            nearest = max((time_key for time_key in seen if time_key < month), default=seen[0])
            if self.images[chip_key, nearest][building_id][0] + 2 < 512:
                hidden.add(month)
        return hidden


@dataclass(frozen=True, slots=True)
class Life:
    """A building's months, and what they say by definition."""

    chip_key: int
    building_id: int
    months: list[int]
    seen: list[int]
    hidden: set[int]

    def absences(self) -> Iterator[tuple[list[int], bool]]:
        """Yield runs of months without it, and whether it came back."""
        for before, after in pairwise(self.seen):
            missed = [month for month in self.months if before < month < after]
            if missed:
                yield missed, True
        missed = [month for month in self.months if month > self.seen[-1]]
        if missed:
            yield missed, False

    def clear(self, missed: list[int]) -> list[int]:
        """Return the months that count as evidence."""
        return [month for month in missed if month not in self.hidden]

    def occluded(self) -> list[int]:
        """Return the months in which it was occluded."""
        return [month for missed, is_back in self.absences() if is_back for month in missed]

    def state(self) -> str:
        """Return standing, demolished or open."""
        for missed, is_back in self.absences():
            if not is_back:
                proven = len(self.clear(missed)) >= DEMOLITION_MONTHS
                return "demolished" if proven else "open"
        return "standing"

    def demolished_in(self) -> int | None:
        """Return the first observed month without it, if it is demolished."""
        after = (month for month in self.months if month > self.seen[-1])
        return next(after) if self.state() == "demolished" else None

    def counts(self) -> Iterator[tuple[int, str]]:
        """Yield month and count for every count that it adds 1 to."""
        yield from ((month, "seen") for month in self.seen)
        before = [month for month in self.months if month < self.seen[0]]
        if before:
            is_revelation = not self.clear(before)
            yield self.seen[0], "revealed" if is_revelation else "appeared"
            yield from ((month, "occluded") for month in before if is_revelation)
        for missed, is_back in self.absences():
            yield missed[0], "disappeared"
            if is_back:
                yield self.months[self.months.index(missed[-1]) + 1], "reappeared"
                yield from ((month, "occluded") for month in missed)
            elif self.state() == "open":
                yield from ((month, "open") for month in missed)
            else:
                yield missed[0], "demolished"
            for month in missed:
                if len(self.clear([m for m in missed if m <= month])) < DEMOLITION_MONTHS:
                    yield month, "presumed"


COUNTS = (
    "seen",
    "appeared",
    "revealed",
    "reappeared",
    "disappeared",
    "demolished",
    "occluded",
    "open",
    "presumed",
)


def _polygon(box: Box) -> str:
    x, y = box
    corners = [(x, y), (x + 4, y), (x + 4, y + 4), (x, y + 4), (x, y)]
    return "POLYGON ((" + ", ".join(f"{a} {b}" for a, b in corners) + "))"
