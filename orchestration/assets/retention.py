"""Nothing grows for ever: what is old leaves, by an age or a number that each kind has."""

from typing import Any, Final

import dagster as dg
import psycopg
from psycopg import sql
from pydantic import Field

from ml.retention import prune_forecasts, prune_runs
from orchestration.assets.tables import table_of
from orchestration.owners import DATA_ENGINEERING
from orchestration.runs.retention import prune_dagster_runs
from serving.bento.pruning import prune_bentos
from warehouse.access import connect

_DEAD: Final = """
    select schemaname, relname, n_dead_tup
    from pg_stat_user_tables
    where
        n_dead_tup > 1000
        and n_dead_tup > n_live_tup / 10
        and pg_has_role(
            (select relowner from pg_class where oid = relid), 'usage'
        )
"""


class RetentionConfig(dg.Config):
    """How long things are kept.

    Attributes:
        run_days: Runs of Dagster with their events and logs (days).
        packages: Packages of the service.
        trainings: Runs of MLflow with their models, beside those in use.
        forecast_days: Forecasts (days); the errors of older ones are known by then.
    """

    run_days: int = Field(default=180, ge=1)
    packages: int = Field(default=5, ge=1)
    trainings: int = Field(default=24, ge=1)
    forecast_days: int = Field(default=1100, ge=400)


@dg.asset(
    key=["monitoring", "retention"],
    group_name="monitoring",
    owners=[DATA_ENGINEERING],
    kinds={"postgres"},
    required_resource_keys={"run_lock"},
)
def retention(context: dg.AssetExecutionContext, config: RetentionConfig) -> dg.MaterializeResult:  # type: ignore[type-arg]  # Dagster takes it bare only
    """What old things left: runs, packages, trainings, forecasts and dead rows of tables."""
    runs = prune_dagster_runs(context.instance, config.run_days)
    packages = prune_bentos(config.packages)
    trainings = prune_runs(config.trainings)
    forecasts = prune_forecasts(config.forecast_days)
    with connect(autocommit=True) as connection:
        dead = vacuum(connection)
    records = [
        {"what": "runs of Dagster", "kept": f"{config.run_days} days", "left": len(runs)},
        {"what": "packages", "kept": str(config.packages), "left": len(packages)},
        {"what": "trainings", "kept": str(config.trainings), "left": len(trainings)},
        *(
            {"what": f"rows of ml.{table}", "kept": f"{config.forecast_days} days", "left": rows}
            for table, rows in forecasts.items()
        ),
        {"what": "dead rows", "kept": "a tenth of a table", "left": sum(dead.values())},
    ]
    columns = {"what": "string", "kept": "string", "left": "int"}
    sizes: dict[str, Any] = {"left": table_of(records, columns), "vacuumed": dead}
    return dg.MaterializeResult(metadata=sizes)


def vacuum(connection: psycopg.Connection) -> dict[str, int]:
    """Free the room of dead rows where they are many; return how many there were by table.

    Args:
        connection: In autocommit mode, of a user that may act as the owners of the tables.
    """
    dead = connection.execute(_DEAD).fetchall()
    for schema, table, _ in dead:
        connection.execute(sql.SQL("vacuum (analyze) {}").format(sql.Identifier(schema, table)))
    return {f"{schema}.{table}": rows for schema, table, rows in dead}
