"""The trained model and the forecasts that it makes."""

from typing import Any

import dagster as dg

from ml.judging.backtest import BacktestRow
from ml.lifecycle.forecasting import forecast_chips
from ml.lifecycle.run import TrainingReport
from ml.retraining.due import Due
from ml.retraining.training import train_when_due
from orchestration.assets.tables import table_of
from orchestration.checks import reports
from orchestration.dbt.months import Stage, record_months
from orchestration.owners import MACHINE_LEARNING
from orchestration.terminal import step


class TrainingConfig(dg.Config):
    """Whether to wait until a training is due.

    Attributes:
        always: Train whatever ``ml/retraining/rules.yaml`` says.
    """

    always: bool = False


@dg.asset(
    key=["ml", "trained_model"],
    deps=[["features", "chip_month"], ["features", "chip_target"]],
    group_name="ml",
    owners=[MACHINE_LEARNING],
    required_resource_keys={"run_lock"},
    kinds={"lightgbm", "mlflow"},
    check_specs=[reports.BEATS_BASELINES],
)
def trained_model(config: TrainingConfig) -> dg.MaterializeResult:  # type: ignore[type-arg]
    """Quantile model of the next 1, 3, 6 and 12 months, judged beside the plain forecasts.

    Trained when that is due: enough new months, drift, or errors worse than promised. Where the
    data do not suffice, or a plain forecast or the champion is better, the champion stays what it
    was. The card tells how good it is, where, and on which kind of data.
    """
    decided = train_when_due(
        always=config.always,
        on_split=lambda done, total: step.report(done, total, "backtest splits"),
    )
    if decided.report is None:
        reason = f"no training: {decided.due.reason}"
        report = TrainingReport(trained=False, reason=reason)
    else:
        report = decided.report
    return dg.MaterializeResult(
        metadata={
            "reason": report.reason,
            **decision_of(decided.due),
            "trained": report.trained,
            "promoted": report.promoted,
            "model_version": report.model_version or "none",
            "mlflow_run": report.run_id or "none",
            "mlflow_run_name": report.run_name or "none",
            "backtest": backtest_table(report.metrics),
            **model_card(report),
        },
        check_results=[
            reports.beats_baselines(
                promoted=report.promoted or decided.report is None, reason=report.reason
            )
        ],
    )


def decision_of(decision: Due) -> dict[str, Any]:
    """Return why there was a training, or none, as metadata: the sentence and its figures."""
    records = [{"figure": name, "value": value} for name, value in decision.evidence.items()]
    return {
        "due": decision.is_due,
        "due_because": decision.reason,
        "due_by": table_of(records, {"figure": "string", "value": "float"}),
    }


@dg.asset(
    key=["ml", "chip_forecast"],
    deps=[trained_model, ["features", "chip_month"]],
    group_name="ml",
    owners=[MACHINE_LEARNING],
    required_resource_keys={"run_lock"},
    kinds={"postgres"},
)
def chip_forecast(context: dg.AssetExecutionContext) -> dg.MaterializeResult:  # type: ignore[type-arg]  # Dagster takes it bare only
    """One row per chip, target, as-of month, horizon and model: net change and interval."""
    report = forecast_chips()
    record_months(context, Stage.FORECAST)
    return dg.MaterializeResult(
        metadata={
            "dagster/row_count": report.rows_written,
            "chips": report.chips,
            "chips_refused": report.chips_refused,
            "model_version": report.model_version or "none",
            "reason": report.reason or "every chip has its forecast",
        }
    )


def model_card(report: TrainingReport[Any]) -> dict[str, dg.MetadataValue[Any]]:
    """Return the model card: its text here, and the file with its plots."""
    if report.card is None:
        return {}
    return {
        "model_card": dg.MetadataValue.md(report.summary),
        "model_card_file": dg.MetadataValue.path(report.card),
    }


def backtest_table(rows: tuple[BacktestRow, ...]) -> dg.TableMetadataValue:
    """Return the backtest as a table of metadata, in the order given."""
    records = [
        {
            "protocol": row.protocol.value,
            "horizon": row.horizon,
            "forecaster": row.forecaster,
            "mae": row.score.mae,
            "pinball": row.score.pinball,
            "coverage": row.score.coverage,
        }
        for row in rows
    ]
    columns = {
        "protocol": "string", "horizon": "int", "forecaster": "string",
        "mae": "float", "pinball": "float", "coverage": "float",
    }  # fmt: skip
    return table_of(records, columns)
