"""A service on a whole warehouse, for tests that ask it over the network."""

from collections.abc import Callable, Iterator

import pytest
from psycopg.conninfo import conninfo_to_dict

from ml.model.chip_model import ForecastModel
from serving.api.app import Application
from serving.edge.settings import ServiceSettings
from tests.fixtures.cell_forecasts import write_cell_forecasts
from tests.fixtures.service import listening


@pytest.fixture(scope="module")
def whole_database(built_database: str, create_database: Callable[[str | None], str]) -> str:
    """A copy of the built warehouse."""
    return create_database(str(conninfo_to_dict(built_database)["dbname"]))


@pytest.fixture(scope="module")
def address(model: ForecastModel, whole_database: str) -> Iterator[str]:
    """A service on it, with forecasts of cells, listening in a thread of this process."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SN7_DSN", whole_database)
        write_cell_forecasts()
        with listening(Application(model, ServiceSettings())) as address:
            yield address
