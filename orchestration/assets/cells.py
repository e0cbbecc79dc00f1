"""The model of cells and the hot spots that it forecasts."""

import dagster as dg

from ml.judging.cell_backtest import CellBacktestRow
from ml.lifecycle.forecasting import forecast_cells
from ml.lifecycle.run import TrainingReport
from ml.retraining.training import train_cells_when_due
from orchestration.assets.model import TrainingConfig, decision_of, model_card
from orchestration.assets.tables import table_of
from orchestration.owners import MACHINE_LEARNING
from orchestration.terminal import step


@dg.asset(
    key=["ml", "cell_model"],
    deps=[["features", "cell_month"]],
    group_name="ml",
    owners=[MACHINE_LEARNING],
    required_resource_keys={"run_lock"},
    kinds={"lightgbm", "mlflow"},
)
def cell_model(config: TrainingConfig) -> dg.MaterializeResult:  # type: ignore[type-arg]
    """Probability that a cell has a new building within 6 and 12 months, judged by backtest.

    Where the data do not suffice, or a plain forecast or the champion is better, the champion
    stays what it was. The card tells how good it is, and where.
    """
    decided = train_cells_when_due(
        always=config.always,
        on_split=lambda done, total: step.report(done, total, "backtest splits"),
    )
    report = decided.report or TrainingReport(
        trained=False, reason=f"no training: {decided.due.reason}"
    )
    return dg.MaterializeResult(
        metadata={
            "reason": report.reason,
            **decision_of(decided.due),
            "trained": report.trained,
            "promoted": report.promoted,
            "model_version": report.model_version or "none",
            "mlflow_run": report.run_id or "none",
            "mlflow_run_name": report.run_name or "none",
            "backtest": cell_backtest_table(report.metrics),
            **model_card(report),
        }
    )


@dg.asset(
    key=["ml", "cell_forecast"],
    deps=[cell_model, ["features", "cell_month"]],
    group_name="ml",
    owners=[MACHINE_LEARNING],
    required_resource_keys={"run_lock"},
    kinds={"postgres"},
)
def cell_forecast() -> dg.MaterializeResult:  # type: ignore[type-arg]  # Dagster takes it bare only
    """One row per chip, cell, as-of month, horizon and model: how likely a building appears."""
    report = forecast_cells()
    return dg.MaterializeResult(
        metadata={
            "dagster/row_count": report.rows_written,
            "chips": report.chips,
            "model_version": report.model_version or "none",
            "reason": report.reason or "every cell near a building has its forecast",
        }
    )


def cell_backtest_table(rows: tuple[CellBacktestRow, ...]) -> dg.TableMetadataValue:
    """Return the backtest of cells as a table of metadata, in the order given."""
    records = [
        {
            "protocol": row.protocol.value,
            "horizon": row.horizon,
            "forecaster": row.forecaster,
            "average_precision": row.score.average_precision,
            "lift": row.score.lift,
        }
        for row in rows
    ]
    columns = {
        "protocol": "string", "horizon": "int", "forecaster": "string",
        "average_precision": "float", "lift": "float",
    }  # fmt: skip
    return table_of(records, columns)
