"""A database in which a model has been trained, made once and copied for each test."""

from collections.abc import Callable
from dataclasses import dataclass

import psycopg
import pytest

from ml.lifecycle.run import TrainingReport, train
from tests.ml.frames import quick_params
from tests.ml.tables import write_world
from tests.ml.worlds import grow
from warehouse.access import connect


@dataclass(frozen=True, slots=True)
class Trained:
    """A database with features, a champion and its artefacts; not to be changed."""

    database: str
    conninfo: str
    home: str
    report: TrainingReport


@pytest.fixture(scope="session")
def trained(
    create_database: Callable[[str | None], str],
    template_database: str,
    tmp_path_factory: pytest.TempPathFactory,
) -> Trained:
    """Train on a made-up world."""
    conninfo = create_database(template_database)
    home = str(tmp_path_factory.mktemp("trained-home"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SN7_DSN", conninfo)
        patch.setenv("SN7_HOME", home)
        with connect() as connection:
            write_world(connection, grow(seed=7))
            name = connection.info.dbname
        report = train(params=quick_params())
    return Trained(database=name, conninfo=conninfo, home=home, report=report)


def drop_service_connections(conninfo: str) -> None:
    """Cut the service off from a database; at the next request it reads ``SN7_DSN`` anew."""
    with psycopg.connect(conninfo, autocommit=True) as connection:
        connection.execute(
            "select pg_terminate_backend(pid, 5000) from pg_stat_activity "
            "where application_name = 'sn7-service' and datname = current_database()"
        )


@pytest.fixture
def trained_database(
    trained: Trained,
    create_database: Callable[[str | None], str],
    use_database: Callable[[str], str],
) -> str:
    """A copy of the trained database for one test; its artefacts are shared."""
    drop_service_connections(trained.conninfo)  # a database in use cannot be copied
    return use_database(create_database(trained.database))


@pytest.fixture
def in_trained(trained: Trained, use_database: Callable[[str], str]) -> Trained:
    """The trained database itself, for tests that change nothing."""
    use_database(trained.conninfo)
    return trained
