"""Tables of an earlier version are carried over, in one transaction, and lose nothing."""

from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest

from loaders.errors import RawTablesError
from loaders.load import load
from loaders.raw import schema
from loaders.raw.schema import ensure_tables
from tests.fixtures.sources import Raw, filename, row, square

OLD = Path(__file__).parents[2] / "fixtures" / "raw_before_arrays.sql"
ROWS = """
    insert into raw.load_run (source, source_kind, size_bytes, state, content_sha256)
    values ('{generated}', 'folder', 0, 'loaded', ''), ('own', 'csv', 0, 'loaded', '');
    insert into raw.image
    select
        52923690, 201800 + m, '{stem}' || m, 'mosaic', 2018, m, 'chip', 1615, 1205, 6460, 3370, 13,
        case m when 3 then 0 else 3 end, 2, now(), ''
    from generate_series(1, 3) as m;
    insert into raw.image_source select 'own', chip_key, time_key, 2 from raw.image;
    insert into raw.footprint select 52923690, b, n, 'polygon ' || b || n, 2
    from generate_series(1, 3) as b cross join generate_series(1, 2) as n;
    insert into raw.observation values
    (52923690, 201802, 3, 2), (52923690, 201801, 1, 1), (52923690, 201801, 2, 1),
    (52923690, 201802, 1, 2), (52923690, 201801, 3, 1), (52923690, 201802, 2, 1);
    insert into raw.unusable_area values
    (52923690, 201801, 1, 'area 1', 1), (52923690, 201801, 2, 'area 2', 1),
    (52923690, 201802, 1, 'area 3', 2);
    insert into raw.place values (52923690, 'Meishan', null, 'China', 'CN');
    set role transformer;
    create view staging.stg_observations as select * from raw.observation;
    create view staging.stg_places as select * from raw.place;
    reset role;
"""


@pytest.fixture
def old(
    create_database: Callable[[str | None], str],
    template_database: str,
    use_database: Callable[[str], str],
    tmp_path: Path,
) -> Raw:
    """A database whose raw tables are those of before."""
    dsn = create_database(template_database)
    generated = tmp_path / "generated"
    generated.mkdir()
    (generated / "synthesis.json").write_text("{}", encoding="utf-8")
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("set role loader")
        connection.execute(OLD.read_text(encoding="utf-8"))
        connection.execute("reset role")
        connection.execute(ROWS.format(generated=generated, stem=filename()[:15]))
    return Raw(use_database(dsn))


def upgrade(raw: Raw) -> None:
    with psycopg.connect(raw.dsn, autocommit=True) as connection:
        connection.execute("set role loader")
        ensure_tables(connection)


SEEN = "select * from raw.observation order by 1, 2, 3"
GIVEN_BACK = "select * from raw.pixel_row order by 1, 2"
ARRAYS = "select building_ids, footprint_nos from raw.image_rows order by time_key"
MASKS = """
    select load_id, time_key, polygons from raw.image_mask
    inner join raw.load_run using (load_id, source)
    order by time_key
"""
AREAS = "select * from raw.unusable_area order by 1, 2, 3"


def test_old_tables_are_carried_over_and_nothing_is_lost(old: Raw) -> None:
    before = [old.query(query) for query in (SEEN, GIVEN_BACK, AREAS)]
    assert len(before[1]) == 6
    upgrade(old)
    assert [old.query(query) for query in (SEEN, GIVEN_BACK, AREAS)] == before
    assert old.query(
        "select building_ids, footprint_nos from raw.image_rows order by time_key"
    ) == [
        ([1, 2, 3], [1, 1, 1]),
        ([1, 2, 3], [2, 1, 2]),
        ([], []),
    ]
    assert old.query(
        "select source, time_key, load_id, polygons from raw.image_mask order by 2"
    ) == [
        (
            str(old.query("select source from raw.load_run where load_id = 1")[0][0]),
            201801,
            1,
            ["area 1", "area 2"],
        ),
        ("own", 201802, 2, ["area 3"]),
    ]
    assert old.query("select town from staging.stg_places") == [("Meishan",)]
    assert old.query("select is_generated from raw.load_run order by load_id") == [
        (True,),
        (False,),
    ]


def test_an_upgrade_that_fails_changes_nothing(old: Raw, monkeypatch: pytest.MonkeyPatch) -> None:
    before = old.query(SEEN)

    def fail(_: object) -> None:
        raise ZeroDivisionError

    with monkeypatch.context() as patch:
        patch.setattr(schema, "_note_origins", fail)
        with pytest.raises(ZeroDivisionError):
            upgrade(old)
    assert old.query("select relkind from pg_class where oid = 'raw.observation'::regclass") == [
        ("r",)
    ]
    assert old.query("select * from staging.stg_observations order by 1, 2, 3") == before
    upgrade(old)
    assert old.query(SEEN) == before


def test_a_cluster_that_cannot_spread_old_tables_is_told_to_begin_anew(old: Raw) -> None:
    """Citus makes other schemas' views on a table known to its nodes, which the loader may not."""
    before = old.query(SEEN)
    with psycopg.connect(old.dsn, autocommit=True) as connection:
        connection.execute(
            """
            create table public.pg_dist_partition (logicalrelid regclass);
            grant select on public.pg_dist_partition to public;
            create function public.create_distributed_table(regclass, text) returns void
            language plpgsql as $$
            begin
                raise insufficient_privilege using message = 'permission denied for schema staging';
            end
            $$
            """
        )
    with pytest.raises(RawTablesError, match=r"schema staging\); a cluster .* a new database$"):
        upgrade(old)
    assert old.query(SEEN) == before


def test_a_load_goes_on_from_old_tables(old: Raw, tmp_path: Path) -> None:
    path = tmp_path / "labels.csv"
    path.write_text(
        "filename,id,geometry\n" + '{},{},"{}"\n'.format(*row(5, polygon=square())), "utf-8"
    )
    load(path)
    assert old.query("select count(*) from raw.observation") == [(4,)]


def test_tables_that_are_right_are_not_touched(old: Raw) -> None:
    upgrade(old)
    with psycopg.connect(old.dsn) as reader, psycopg.connect(old.dsn, autocommit=True) as other:
        reader.execute("select count(*) from raw.pixel_row")  # and its transaction stays open
        other.execute("set role loader")
        other.execute("set lock_timeout = '2s'")
        ensure_tables(other)


def test_old_and_new_tables_are_described_alike(old: Raw, raw: Raw, tmp_path: Path) -> None:
    columns = """
        select table_name, column_name, data_type, is_nullable
        from information_schema.columns where table_schema = 'raw' order by 1, 2
    """
    upgrade(old)
    upgrade(raw)
    assert old.query(columns) == raw.query(columns)
    constraints = """
        select conrelid::regclass::text, pg_get_constraintdef(oid) from pg_constraint
        where connamespace = 'raw'::regnamespace order by 1, 2
    """
    assert old.query(constraints) == raw.query(constraints)
    storage = """
        select attname, attstorage from pg_attribute
        where attrelid = 'raw.image_rows'::regclass and attnum > 0 order by 1
    """
    assert old.query(storage) == raw.query(storage)
