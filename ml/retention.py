"""Old models and old forecasts leave; what is in use, what may come back, and the newest stay."""

import shutil
from typing import TYPE_CHECKING, Final

from ml.lifecycle.registry import CELLS, CHIPS
from ml.lifecycle.tracking import artifact_folder, experiment_id, mlflow_client
from warehouse.access import connect
from warehouse.connection.roles import Role

if TYPE_CHECKING:
    from mlflow import MlflowClient

_OLD_FORECASTS: Final = """
    delete from ml.{table}
    where
        written_at < now() - make_interval(days => %(days)s)
        and (chip_key, as_of) not in (
            select chip_key, max(as_of) from ml.{table} group by chip_key
        )
"""
"""The newest of each chip stay, however old they are."""


def prune_runs(keep: int) -> list[str]:
    """Remove the oldest training runs with their models and files; return their names.

    Kept are the newest, champions, challengers, what a champion replaced, and runs that are not
    over.

    Args:
        keep: How many of the newest stay.
    """
    client = mlflow_client()
    needed = {run for line in (CHIPS, CELLS) for run in _needed(client, line.name)}
    runs = client.search_runs([experiment_id(client)], order_by=["attributes.start_time DESC"])
    removed = []
    for run in runs[max(keep, 0) :]:
        if run.info.run_id in needed or run.info.status in {"RUNNING", "SCHEDULED"}:
            continue
        for version in client.search_model_versions(f"run_id = '{run.info.run_id}'"):
            client.delete_model_version(version.name, version.version)
        shutil.rmtree(artifact_folder(client, run.info.run_id), ignore_errors=True)
        client.delete_run(run.info.run_id)
        removed.append(str(run.info.run_name))
    return removed


def _needed(client: "MlflowClient", name: str) -> set[str]:
    """Return the runs of the versions that have an alias, or that one of these replaced."""
    versions = {int(one.version): one for one in client.search_model_versions(f"name = '{name}'")}
    found = client.search_registered_models(f"name = '{name}'")
    needed = {int(number) for model in found for number in model.aliases.values()}
    needed |= {
        int(versions[number].tags["replaced_version"])
        for number in set(needed)
        if number in versions and "replaced_version" in versions[number].tags
    }
    return {str(versions[number].run_id) for number in needed if number in versions}


def prune_forecasts(days: int) -> dict[str, int]:
    """Remove forecasts that were written long ago, but for the newest of each chip.

    Args:
        days: Age from which they leave.

    Returns:
        Rows that left, by table.
    """
    with connect(role=Role.TRAINER) as connection:
        return {
            table: connection.execute(
                _OLD_FORECASTS.replace("{table}", table).encode(), {"days": days}
            ).rowcount
            for table in ("chip_forecast", "cell_forecast")
            if connection.execute("select to_regclass(%s)", (f"ml.{table}",)).fetchone() != (None,)
        }
