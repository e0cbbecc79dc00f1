"""Where a run's data come from: generated and own data never mix."""

from collections.abc import Callable
from pathlib import Path

import dagster as dg
import pytest

from loaders.errors import MixedDataError
from loaders.load import load
from orchestration.assets.holdings import holdings
from orchestration.assets.source import Arrivals, SourceConfig, source_data
from orchestration.runs.lock import run_lock
from synthetic import Size
from tests.fixtures.sources import row
from warehouse.connection.settings import get_settings


def source_of(config: SourceConfig) -> str | None:
    """Run the asset alone and return what it hands to the raw tables."""
    result = dg.materialize(
        [source_data],
        run_config=dg.RunConfig(ops={"source_data": config}),
        resources={"run_lock": run_lock},
    )
    value = result.output_for_node("source_data")
    assert isinstance(value, Arrivals)
    return value.path


def held() -> list[tuple[str, bool, int]]:
    return [(one.name, one.is_generated, one.images) for one in holdings()]


@pytest.fixture
def own(database: str, write_csv: Callable[..., Path]) -> Path:
    path = write_csv([row(1), row(2, "2018_02")])
    load(path)
    return path


@pytest.fixture
def generated(database: str, write_csv: Callable[..., Path]) -> Path:
    """A small data set with the generator's marker, loaded."""
    path = write_csv([row(1)])
    path.with_name("synthesis.json").write_text("{}")
    load(path.parent)
    return path.parent


def test_an_empty_warehouse_gets_the_generated_sample(database: str) -> None:
    assert held() == []
    assert source_of(SourceConfig()) == str(get_settings().data / "sample")


def test_own_data_stay_and_nothing_is_generated(own: Path) -> None:
    assert held() == [(str(own), False, 2)]
    assert source_of(SourceConfig()) is None
    assert not (get_settings().data / "sample").exists()


def test_generated_data_that_are_held_stay(generated: Path) -> None:
    assert held() == [(str(generated), True, 1)]
    assert source_of(SourceConfig()) is None


def test_generated_data_are_refused_beside_own(own: Path) -> None:
    with pytest.raises(MixedDataError, match="the warehouse holds data of your own"):
        source_of(SourceConfig(size=Size.SAMPLE))
    assert held() == [(str(own), False, 2)]


def test_another_size_takes_the_place_of_generated_data(generated: Path) -> None:
    assert source_of(SourceConfig(size=Size.SAMPLE)) == str(get_settings().data / "sample")


def test_a_path_that_is_given_is_taken(own: Path) -> None:
    assert source_of(SourceConfig(path=str(own))) == str(own)
