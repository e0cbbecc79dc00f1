"""One warehouse of generated data, built once for all tests that only read it."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

from loaders.load import load
from ml.lifecycle.schema import ensure_schema
from synthetic import Size, synthesize
from warehouse.access import connect, libpq_environment
from warehouse.connection.roles import Role
from warehouse.connection.settings import PROJECT_ROOT

Dbt = Callable[..., None]
CreateDatabase = Callable[[str | None], str]


@pytest.fixture(scope="session")
def dbt(tmp_path_factory: pytest.TempPathFactory) -> Dbt:
    """Run dbt on the database that ``SN7_DSN`` names; its output is the failure's message."""
    target = tmp_path_factory.mktemp("dbt")
    project = PROJECT_ROOT / "dbt_project"

    def run(*arguments: str) -> None:
        command = [
            *(str(Path(sys.executable).with_name("dbt")), "--quiet", *arguments),
            *("--project-dir", str(project), "--profiles-dir", str(project)),
            *("--target-path", str(target), "--log-path", str(target)),
        ]
        environment = os.environ | libpq_environment() | {"DO_NOT_TRACK": "true"}
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr

    return run


@pytest.fixture(scope="session")
def generated_data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """60 chips, 1,408 chip-months, 20,000 rows and the masks."""
    out = tmp_path_factory.mktemp("generated")
    synthesize(out, size=Size.SAMPLE, factor=0.3)
    return out


@pytest.fixture(scope="session")
def build(generated_data: Path, dbt: Dbt) -> Callable[[], None]:
    """Fill the database that the environment names, from the load to made-up forecasts."""

    def run() -> None:
        load(generated_data)
        dbt("run")
        with connect(role=Role.TRAINER) as connection:
            ensure_schema(connection)
            _write_forecasts(connection)

    return run


@pytest.fixture(scope="session")
def built_database(
    create_database: CreateDatabase,
    template_database: str,
    build: Callable[[], None],
    tmp_path_factory: pytest.TempPathFactory,
) -> str:
    """Connection string of a warehouse with every model built; tests must not write to it."""
    conninfo = create_database(template_database)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SN7_DSN", conninfo)
        patch.setenv("SN7_HOME", str(tmp_path_factory.mktemp("home")))
        build()
    return conninfo


@pytest.fixture
def built(built_database: str, use_database: Callable[[str], str]) -> str:
    """The built warehouse, with ``SN7_DSN`` pointing at it."""
    return use_database(built_database)


@pytest.fixture
def analyst(built: str) -> Iterator[psycopg.Connection]:
    """A connection as role analyst."""
    with connect(role=Role.ANALYST) as connection:
        yield connection


def _write_forecasts(connection: psycopg.Connection) -> None:
    """Write one made-up forecast per chip and horizon."""
    connection.execute(
        """
        insert into ml.chip_forecast
            (chip_key, as_of, horizon, q10, q50, q90, baseline, model_version)
        select chip_key, max(as_of), horizon, -1, 0, 1, 0, 1
        from features.chip_month
        cross join (values (1), (3), (6), (12)) as horizons (horizon)
        group by chip_key, horizon
        """
    )
