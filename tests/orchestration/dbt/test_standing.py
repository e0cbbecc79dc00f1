"""A run need not start dbt where nothing has changed; whatever changes something is seen."""

from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

from loaders.load import load
from orchestration.dbt.standing import build_digest, is_standing, keep_standing
from tests.fixtures.dbt import Dbt, MakeDbt
from tests.fixtures.sources import csv_text, row
from warehouse.access import connect
from warehouse.connection.roles import Role

Deliver = Callable[[int], None]


@pytest.fixture(scope="module")
def deliver(tmp_path_factory: pytest.TempPathFactory) -> Deliver:
    """Load two months of one chip, with so many buildings in the second."""
    path: Path = tmp_path_factory.mktemp("delivery") / "labels.csv"

    def run(buildings: int) -> None:
        first = [row(number, "2018_01") for number in range(3)]
        path.write_text(csv_text([*first, *(row(n, "2018_02") for n in range(buildings))]))
        load(path)

    return run


@pytest.fixture(scope="module")
def whole(make_dbt: MakeDbt, deliver: Deliver) -> Dbt:
    dbt = make_dbt()
    deliver(3)
    dbt("run")
    return dbt


@pytest.fixture
def builder(whole: Dbt) -> Iterator[psycopg.Connection]:
    with connect(role=Role.TRANSFORMER, autocommit=True) as connection:
        keep_standing(connection, build_digest(connection))
        assert is_standing(connection, whole.manifest()["nodes"])
        yield connection


def test_the_same_delivery_again_leaves_the_tables_standing(
    builder: psycopg.Connection, whole: Dbt, deliver: Deliver
) -> None:
    deliver(3)

    assert is_standing(builder, whole.manifest()["nodes"])


def test_another_delivery_does_not(
    builder: psycopg.Connection, whole: Dbt, deliver: Deliver
) -> None:
    deliver(4)

    assert not is_standing(builder, whole.manifest()["nodes"])


def test_a_table_that_is_gone_does_not(builder: psycopg.Connection, whole: Dbt) -> None:
    builder.execute("alter table marts.dim_time rename to dim_time_away")

    assert not is_standing(builder, whole.manifest()["nodes"])

    builder.execute("alter table marts.dim_time_away rename to dim_time")


def test_another_file_of_the_project_does_not(
    builder: psycopg.Connection, whole: Dbt, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("orchestration.dbt.standing.project_digest", lambda: "of another project")

    assert not is_standing(builder, whole.manifest()["nodes"])


def test_a_dbt_command_that_writes_takes_the_word_away(
    builder: psycopg.Connection, whole: Dbt
) -> None:
    whole("test", "--select", "dim_time")
    assert is_standing(builder, whole.manifest()["nodes"])

    whole("run", "--select", "stg_load_runs")

    assert not is_standing(builder, whole.manifest()["nodes"])
