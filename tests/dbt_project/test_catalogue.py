"""What is described in the project is described in the database's catalogue."""

import psycopg

PUBLIC_SCHEMAS = ["marts", "features", "layers"]


def test_every_public_table_and_column_is_described(analyst: psycopg.Connection) -> None:
    undescribed = analyst.execute(
        """
        select pg_namespace.nspname, pg_class.relname, pg_attribute.attname
        from pg_class
        inner join pg_namespace on pg_class.relnamespace = pg_namespace.oid
        left join pg_attribute
            on pg_class.oid = pg_attribute.attrelid
            and pg_attribute.attnum > 0
            and not pg_attribute.attisdropped
        where
            pg_namespace.nspname = any(%s)
            and pg_class.relkind in ('r', 'p', 'v')
            and not pg_class.relispartition
            and (
                obj_description(pg_class.oid, 'pg_class') is null
                or col_description(pg_class.oid, pg_attribute.attnum) is null
            )
        order by 1, 2, 3
        """,
        (PUBLIC_SCHEMAS,),
    ).fetchall()
    assert undescribed == []


def test_every_public_table_tells_its_grain(analyst: psycopg.Connection) -> None:
    rows = analyst.execute(
        """
        select pg_class.oid::regclass::text, obj_description(pg_class.oid, 'pg_class')
        from pg_class
        where
            relnamespace = any(%s::regnamespace[])
            and relkind in ('r', 'p', 'v')
            and not relispartition
        """,
        (PUBLIC_SCHEMAS,),
    ).fetchall()
    assert len(rows) >= 15
    assert [name for name, text in rows if not text.startswith("One row per ")] == []
