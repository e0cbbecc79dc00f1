"""A lost database is told from a bug, whatever library stands around the driver's error."""

from collections.abc import Callable

import psycopg
import pytest
import sqlalchemy

from tests.fixtures.commands import Outcome
from warehouse.access import sqlalchemy_url
from warehouse.cli import run_cli
from warehouse.connection.errors import ConnectionLostError
from warehouse.running.loss import as_loss


def error_of(work: Callable[[], object]) -> BaseException:
    with pytest.raises(Exception) as caught:  # noqa: PT011 (whatever it is)
        work()
    return caught.value


def end_all(dsn: str) -> None:
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity "
            "where datname = current_database() and pid <> pg_backend_pid()"
        )


def test_an_ended_backend_is_a_loss(database: str) -> None:
    with psycopg.connect(database) as connection:
        end_all(database)
        loss = as_loss(error_of(lambda: connection.execute("select 1")))
    assert isinstance(loss, ConnectionLostError)
    assert "terminating connection due to administrator command" in str(loss)


def test_an_ended_backend_within_sqlalchemy_within_another_error_is_a_loss(database: str) -> None:
    engine = sqlalchemy.create_engine(sqlalchemy_url(schema="public"))

    def work() -> None:
        try:
            connection.execute(sqlalchemy.text("select 1"))
        except sqlalchemy.exc.DBAPIError as error:
            raise RuntimeError("wrapped") from error

    with engine.connect() as connection:
        end_all(database)
        loss = as_loss(error_of(work))
    engine.dispose()
    assert isinstance(loss, ConnectionLostError)


@pytest.mark.parametrize(
    "statement", ["select 1 / 0", "select * from nowhere", "set statement_timeout = 1"]
)
def test_a_wrong_statement_and_a_limit_are_no_loss(database: str, statement: str) -> None:
    with psycopg.connect(database) as connection:

        def work() -> None:
            connection.execute(statement)
            connection.execute("select pg_sleep(5)")

        assert as_loss(error_of(work)) is None


def test_a_bug_is_no_loss() -> None:
    assert as_loss(ValueError("no")) is None


def test_a_command_that_loses_the_database_ends_in_one_sentence(
    database: str, capfd: pytest.CaptureFixture[str]
) -> None:
    def command() -> None:
        with psycopg.connect(database) as connection:
            end_all(database)
            connection.execute("select 1")

    with pytest.raises(SystemExit) as end:
        run_cli(command)

    outcome = Outcome(int(str(end.value.code)), *capfd.readouterr())
    assert outcome.code == 1
    [line] = outcome.stderr.splitlines()
    assert line.startswith("error: the connection to the database broke (")
