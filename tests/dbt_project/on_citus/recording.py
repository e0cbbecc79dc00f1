"""What dbt sends to a Citus cluster, taken down on a server without one.

The functions of Citus that the project calls are stood in for by two that only remember which
table was distributed. So dbt runs with ``--target citus`` as it would there, hooks, macros and
materializations included, and every statement is in its log.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import psycopg

from tests.fixtures.dbt import Dbt

_STAND_IN = """
    create table public.pg_dist_partition (
        logicalrelid regclass primary key,
        partmethod "char" not null
    );
    grant select on public.pg_dist_partition to public;
    create function public.create_distributed_table(large_table regclass, column_name text)
    returns void language sql security definer
    begin atomic
        insert into public.pg_dist_partition values ($1, 'h');
    end;
    create function public.create_reference_table(small_table regclass)
    returns void language sql security definer
    begin atomic
        insert into public.pg_dist_partition values ($1, 'n');
    end;
"""
_KINDS = """
    select pg_class.oid::regclass::text, pg_dist_partition.partmethod::text
    from public.pg_dist_partition
    inner join pg_class on pg_dist_partition.logicalrelid = pg_class.oid
"""
_READ_BY_VIEWS = """
    with recursive reads as (
        select distinct pg_rewrite.ev_class as view_oid, pg_depend.refobjid as oid
        from pg_rewrite
        inner join pg_depend on pg_rewrite.oid = pg_depend.objid
        where
            pg_depend.classid = 'pg_rewrite'::regclass
            and pg_depend.refclassid = 'pg_class'::regclass
            and pg_depend.refobjid <> pg_rewrite.ev_class
        union
        select reads.view_oid, pg_depend.refobjid
        from reads
        inner join pg_rewrite on reads.oid = pg_rewrite.ev_class
        inner join pg_depend on pg_rewrite.oid = pg_depend.objid
        where
            pg_depend.classid = 'pg_rewrite'::regclass
            and pg_depend.refclassid = 'pg_class'::regclass
    )

    select view_oid::regclass::text, reads.oid::regclass::text
    from reads
    inner join pg_class on reads.oid = pg_class.oid and pg_class.relkind in ('r', 'p')
"""


@dataclass(frozen=True, slots=True)
class Sent:
    """One string that dbt sent.

    Attributes:
        node: Name of the model, test or hook that it belongs to.
        kind: What that is to dbt: model, test, unit_test, operation; empty for dbt itself.
        text: The string, letter by letter.
    """

    node: str
    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class Cluster:
    """What became of the tables of a database.

    Attributes:
        kinds: ``h`` for tables that are distributed by chip, ``n`` for those with a copy on
            every node; all others are the coordinator's own.
        behind: The tables that each view reads.
    """

    kinds: dict[str, str]
    behind: dict[str, set[str]] = field(default_factory=dict)

    def tables(self, relation: str) -> set[str]:
        """Return the tables that a relation stands for: itself, or what a view reads."""
        return self.behind.get(relation, {relation})

    def kind(self, relation: str) -> str:
        """Return how a table lies; one of new rows lies like its target."""
        return self.kinds.get(relation.removesuffix("__fresh"), "local")


def stand_in_for_citus(dbt: Dbt) -> None:
    """Let a database know the functions of Citus."""
    with psycopg.connect(dbt.conninfo) as connection:
        connection.execute(_STAND_IN)


def run_on_citus(dbt: Dbt, *arguments: str) -> list[Sent]:
    """Run dbt with ``--target citus`` and return what it sent, in order."""
    log = dbt.target / "dbt.log"
    log.unlink(missing_ok=True)
    try:
        dbt(
            *("--log-level-file", "debug", "--log-format-file", "json", *arguments),
            *("--target", "citus"),
        )
    finally:
        sent = list(_statements(log))
    return sent


def cluster_of(dbt: Dbt) -> Cluster:
    """Look how the tables of a database lie."""
    behind: dict[str, set[str]] = {}
    for view, table in dbt.rows(_READ_BY_VIEWS):
        behind.setdefault(view, set()).add(table)
    return Cluster(dict(dbt.rows(_KINDS)), behind)


def _statements(log: Path) -> Iterator[Sent]:
    for line in log.read_text("utf-8").splitlines():
        event = json.loads(line)
        if event["info"]["name"] == "SQLQuery":
            data = event["data"]
            node = data.get("node_info") or {}
            kind = node.get("resource_type", "")
            text = data["sql"].partition("*/\n")[2]
            yield Sent(node.get("node_name", ""), kind, text or data["sql"])
