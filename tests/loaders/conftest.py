"""Small made-up sources, and ways to look at what became of them."""

from collections.abc import Callable, Iterable
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

HEADER = "filename,id,geometry"
CHIP = "L15-1615E-1205N_6460_3370_13"
OTHER_CHIP = "L15-0331E-1257N_1327_3160_13"

Row = tuple[str, int, str]


def filename(month: str = "2018_01", chip: str = CHIP) -> str:
    return f"global_monthly_{month}_mosaic_{chip}"


def square(x: float = 10, y: float = 20, *, side: float = 4) -> str:
    points = [(x, y), (x + side, y), (x + side, y + side), (x, y + side), (x, y)]
    return "POLYGON (({}))".format(", ".join(f"{px} {py}" for px, py in points))


def row(number: int, month: str = "2018_01", chip: str = CHIP, polygon: str | None = None) -> Row:
    return filename(month, chip), number, polygon or square(10 + 8 * (number % 100), 20)


def line(values: Row) -> str:
    return '{},{},"{}"'.format(*values)


def csv_text(rows: Iterable[Row]) -> str:
    return "\n".join([HEADER, *map(line, rows)]) + "\n"


@pytest.fixture
def write_csv(tmp_path: Path) -> Callable[..., Path]:
    """Write rows as a CSV and return its path; the same name again replaces the file."""

    def write(rows: Iterable[Row], name: str = "labels.csv") -> Path:
        path = tmp_path / name
        path.write_text(csv_text(rows), encoding="utf-8")
        return path

    return write


class Raw:
    """Looks into schema ``raw`` of a test's database."""

    def __init__(self, dsn: str) -> None:
        self.dsn = dsn

    def query(self, statement: str, *parameters: object) -> list[tuple[object, ...]]:
        with psycopg.connect(self.dsn) as connection:
            return connection.execute(statement, parameters or None).fetchall()

    def rows(self) -> list[Row]:
        found = self.query("select filename, id, geometry from raw.pixel_row order by 1, 2")
        return [(str(name), int(str(number)), str(polygon)) for name, number, polygon in found]

    def rejected(self) -> list[tuple[int, str]]:
        found = self.query("select line, reason from raw.rejected_row order by line, reason")
        return [(int(str(number)), str(reason)) for number, reason in found]

    def versions(self) -> dict[str, int]:
        found = self.query("select filename, load_id from raw.image")
        return {str(name): int(str(load_id)) for name, load_id in found}

    def states(self) -> list[str]:
        return [str(state) for (state,) in self.query("select state from raw.load_run order by 1")]

    def is_consistent(self) -> bool:
        """Each observation has its image and footprint, keys are unique, no footprint is unused."""
        found = self.query(
            """
            select
                (select count(*) from raw.observation) = (select count(*) from raw.pixel_row)
                and (select count(*) from raw.observation)
                = (select coalesce(sum(row_count), 0) from raw.image)
                and (select count(*) from raw.footprint) = (
                    select count(*) from (
                        select distinct chip_key, building_id, footprint_no
                        from raw.observation
                    ) as used
                )
                and (select count(*) from raw.observation) = (
                    select count(*) from (
                        select distinct chip_key, time_key, building_id
                        from raw.observation
                    ) as keys
                )
            """
        )
        return bool(found[0][0])


@pytest.fixture(scope="session")
def shared_database(create_database: Callable[[str | None], str], template_database: str) -> str:
    """One database for all tests of loading: dropping a database takes seconds on a slow disk."""
    dsn = create_database(template_database)
    with psycopg.connect(dsn, autocommit=True) as connection:
        name = sql.Identifier(connection.info.dbname)
        connection.execute(sql.SQL("alter database {} set synchronous_commit = off").format(name))
    return dsn


@pytest.fixture
def raw(shared_database: str, use_database: Callable[[str], str]) -> Raw:
    """The raw tables, empty; ``SN7_DSN`` and ``SN7_HOME`` point at the test's own."""
    with psycopg.connect(shared_database, autocommit=True) as connection:
        (tables,) = connection.execute(
            """
            select string_agg(format('%I.%I', schemaname, tablename), ', ')
            from pg_tables where schemaname = 'raw'
            """
        ).fetchone() or (None,)
        if tables is not None:
            connection.execute(f"truncate {tables} restart identity")
    return Raw(use_database(shared_database))
