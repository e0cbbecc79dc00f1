"""A database in which a model has been trained, made once and copied for each test."""

from collections.abc import Callable
from dataclasses import dataclass

import pytest

from ml.training import TrainingReport, train
from tests.ml.frames import quick_params
from tests.ml.tables import write_world
from tests.ml.worlds import grow
from warehouse.connection import connect


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


@pytest.fixture
def trained_database(
    trained: Trained,
    create_database: Callable[[str | None], str],
    use_database: Callable[[str], str],
) -> str:
    """A copy of the trained database for one test; its artefacts are shared."""
    return use_database(create_database(trained.database))
