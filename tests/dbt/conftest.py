"""dbt on databases of its own; each module's is built once and shared by its tests."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.dbt.runner import Dbt, DbtFailedError

MakeDbt = Callable[[], Dbt]


@pytest.fixture(scope="module")
def make_dbt(
    create_database: Callable[[str | None], str],
    template_database: str,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[MakeDbt]:
    """Make dbt on a fresh, prepared database; ``SN7_DSN`` and ``SN7_HOME`` point at it."""
    with pytest.MonkeyPatch.context() as monkeypatch:

        def make() -> Dbt:
            conninfo = create_database(template_database)
            folder: Path = tmp_path_factory.mktemp("dbt")
            monkeypatch.setenv("SN7_DSN", conninfo)
            monkeypatch.setenv("SN7_HOME", str(folder / "home"))
            return Dbt(conninfo, folder / "target")

        yield make


@pytest.fixture(scope="module")
def failing_tests() -> Callable[[Dbt], set[str]]:
    """Run the singular dbt tests; return the names of those that fail."""

    def run(dbt: Dbt) -> set[str]:
        with pytest.raises(DbtFailedError):
            dbt("test", "--select", "test_type:singular")
        results = json.loads((dbt.target / "run_results.json").read_text())["results"]
        return {
            result["unique_id"].split(".")[2] for result in results if result["status"] == "fail"
        }

    return run
