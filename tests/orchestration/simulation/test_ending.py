"""The end of a simulated year: requests without an excuse, and tables that differ, are told."""

from collections.abc import Callable

import psycopg
import pytest

from orchestration.simulation.client import Client, Failure
from orchestration.simulation.ending import differences
from orchestration.simulation.play import Played


@pytest.fixture
def client() -> Client:
    return Client("http://127.0.0.1:1", ["a"])


def test_a_failure_is_excused_only_while_the_database_was_away(client: Client) -> None:
    early, touching, within, late = (
        Failure(at, at + 2, "status 503") for at in (90.0, 99.0, 105.0, 120.5)
    )
    client.failures = [early, touching, within, late]

    assert client.unexcused([(100.0, 120.0)]) == [early, late]
    assert client.unexcused([]) == client.failures


def test_a_client_counts_what_is_not_answered(client: Client) -> None:
    client.start()
    while not client.failures:
        pass
    client.stop()

    assert client.asked == len(client.failures)
    assert not client.is_answered()


def test_tables_that_differ_are_named(
    create_database: Callable[[str | None], str], template_database: str
) -> None:
    one, other = create_database(template_database), create_database(template_database)
    for address in (one, other):
        with psycopg.connect(address) as connection:
            connection.execute(
                "create table marts.dim_chip as select 1 as chip_key, 2.5 as lat, 7 as load_id"
            )
    assert differences(one, other) == {}
    with psycopg.connect(other) as connection:
        connection.execute("update marts.dim_chip set load_id = 8")
    assert differences(one, other) == {}

    with psycopg.connect(other) as connection:
        connection.execute("update marts.dim_chip set lat = 2.6")
        connection.execute("create table features.chip_month as select 1 as chip_key")

    found = differences(one, other)
    assert list(found) == ["features.chip_month", "marts.dim_chip"]
    assert found["features.chip_month"].startswith("missing and 1 rows")


def test_a_year_is_good_only_without_differences_and_unexcused_failures(client: Client) -> None:
    assert Played(client=client).is_good
    assert not Played(differing={"marts.dim_chip": "1 rows and 2 rows"}).is_good
    client.failures = [Failure(1, 2, "status 500")]
    assert not Played(client=client).is_good
    assert Played(client=client, away=[(0, 3)]).is_good
    assert "1 at other times" in next(Played(client=client).verdict())
