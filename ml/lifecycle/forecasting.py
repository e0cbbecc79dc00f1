"""The champions' forecasts of every chip and its cells, into schema ``ml``."""

import io
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
import psycopg
from psycopg import sql

from ml.data.cells import read_cell_months
from ml.data.examples import ChipMonths, read_chip_months
from ml.lifecycle.registry import CELLS, CHALLENGER, CHIPS, Line
from ml.lifecycle.schema import ensure_schema
from ml.lifecycle.tracking import mlflow_client
from ml.model.chip_model import ForecastModel, Forecasts
from ml.model.errors import FeatureError
from ml.model.grid import CELL_HORIZONS, CELL_TARGET, HORIZONS, QUANTILE_NAMES, Target
from ml.model.matrix import FloatArray, IntArray
from warehouse.access import connect
from warehouse.connection.roles import Role

logger = logging.getLogger(__name__)

NO_MODEL = "no model has become champion yet, so there is nothing to forecast with"

_REMOVE_GONE = """
    delete from {table}
    where not exists (
        select from {features}
        where
            {features}.chip_key = {table}.chip_key
            and {features}.as_of = {table}.as_of
    )
"""

_REMOVE_REPLACED = """
    delete from {table}
    using unnest(%(chip_keys)s::integer[], %(as_ofs)s::integer[]) as replaced (chip_key, as_of)
    where
        {table}.model_version = %(version)s
        and {table}.chip_key = replaced.chip_key
        and {table}.as_of = replaced.as_of
"""


@dataclass(frozen=True, slots=True)
class ForecastReport:
    """What was written.

    Attributes:
        rows_written: Rows of the table: chips times targets times horizons, or cells times
            horizons.
        chips: Chips with a forecast.
        chips_refused: Chips whose features the model does not accept.
        model_version: The champion's version; none where there is none.
        reason: One sentence where nothing was written.
    """

    rows_written: int = 0
    chips: int = 0
    chips_refused: int = 0
    model_version: int | None = None
    reason: str | None = None


def forecast_chips() -> ForecastReport:
    """Forecast every chip with the champion, in one transaction; again gives the same rows.

    Rows of other versions stay, so that old forecasts can be held against what came; those of
    months that the warehouse no longer has are removed.

    Raises:
        UserError: No database, or no feature tables in it.
    """
    champion = CHIPS.champion()
    with connect(role=Role.TRAINER) as connection:
        ensure_schema(connection)
        if champion is None:
            return ForecastReport(reason=NO_MODEL)
        model = champion.model
        latest = read_chip_months(connection, model.manifest.features).latest()
        accepted = _accepted(model, latest)
        months = latest.take(accepted)
        forecasts = {target: model.predict(months.features, target) for target in Target}
        table = sql.Identifier("ml", "chip_forecast"), sql.Identifier("features", "chip_month")
        _remove(connection, table, months.chip_key, months.as_of, champion.version)
        rows = _copy(connection, table[0], _chip_rows(months, forecasts, champion.version))
    refused = len(latest.chip_key) - len(months.chip_key)
    reason = None if rows else "features.chip_month holds no chip that the model accepts"
    return ForecastReport(rows, len(months.chip_key), refused, champion.version, reason)


def forecast_cells() -> ForecastReport:
    """Forecast the cells of every chip with their champion; see ``forecast_chips``."""
    champion = CELLS.champion()
    with connect(role=Role.TRAINER) as connection:
        ensure_schema(connection)
        if champion is None:
            return ForecastReport(reason=_no_cell_model())
        cells = read_cell_months(connection, champion.model.manifest.features, latest=True)
        probability = champion.model.predict(cells.values, names=cells.names)
        keys = {"chip_key": cells.chip_key, "as_of": cells.as_of, "cell_no": cells.cell_no}
        made = pl.DataFrame(
            {name: np.repeat(key, len(CELL_HORIZONS)) for name, key in keys.items()}
            | {"horizon": np.tile(CELL_HORIZONS, len(cells)), "probability": probability.ravel()}
        ).with_columns(target=pl.lit(CELL_TARGET), model_version=pl.lit(champion.version))
        table = sql.Identifier("ml", "cell_forecast"), sql.Identifier("features", "cell_month")
        chip_months = np.unique(np.column_stack([cells.chip_key, cells.as_of]), axis=0)
        _remove(connection, table, chip_months[:, 0], chip_months[:, 1], champion.version)
        rows = _copy(connection, table[0], made)
    reason = None if rows else "features.cell_month holds no cell"
    return ForecastReport(rows, len(chip_months), 0, champion.version, reason)


def _no_cell_model() -> str:
    """Say why there are no hot spots, by what became of the last model of cells."""
    said = last_verdict(CELLS)
    why = f": {said}" if said else "; `python -m ml train` judges one"
    return f"no hot spots, as no model of cells has become champion yet{why}"


def last_verdict(line: Line[Any]) -> str | None:
    """Return what was said of the challenger of a line, or none where there is none."""
    client = mlflow_client()
    challenger = line.by_alias(client, CHALLENGER)
    if challenger is None:
        return None
    return client.get_run(challenger.run_id).data.tags.get("verdict")


def _accepted(model: ForecastModel, months: ChipMonths) -> np.ndarray:
    """Return the row numbers that the model accepts; each refusal is logged."""
    accepted = []
    for row in range(len(months.chip_key)):
        try:
            model.check(months.features.take(np.array([row])))
        except FeatureError as error:
            logger.warning("no forecast for chip %d: %s", months.chip_key[row], error)
        else:
            accepted.append(row)
    return np.array(accepted, dtype=np.int64)


def _chip_rows(
    months: ChipMonths, forecasts: Mapping[Target, Forecasts], version: int
) -> pl.DataFrame:
    horizons = len(HORIZONS)

    def of_target(target: Target, made: Forecasts) -> pl.DataFrame:
        quantiles: FloatArray = made.quantiles.reshape(-1, len(QUANTILE_NAMES))
        return pl.DataFrame(
            {
                "chip_key": np.repeat(months.chip_key, horizons),
                "target": str(target),
                "as_of": np.repeat(months.as_of, horizons),
                "horizon": np.tile(HORIZONS, len(months.chip_key)),
                **dict(zip(QUANTILE_NAMES, quantiles.T, strict=True)),
                "baseline": made.baseline.ravel(),
                "model_version": version,
            }
        )

    return pl.concat([of_target(target, made) for target, made in forecasts.items()])


def _remove(
    connection: psycopg.Connection,
    table: tuple[sql.Identifier, sql.Identifier],
    chip_key: IntArray,
    as_of: IntArray,
    version: int,
) -> None:
    """Remove forecasts of months that are gone, and those that are about to be written again."""
    names = dict(zip(("table", "features"), table, strict=True))
    connection.execute(sql.SQL(_REMOVE_GONE).format(**names))
    connection.execute(
        sql.SQL(_REMOVE_REPLACED).format(**names),
        {"version": version, "chip_keys": chip_key.tolist(), "as_ofs": as_of.tolist()},
    )


def _copy(connection: psycopg.Connection, table: sql.Identifier, rows: pl.DataFrame) -> int:
    text = io.BytesIO()
    rows.write_csv(text, include_header=False)
    columns = sql.SQL(", ").join(map(sql.Identifier, rows.columns))
    statement = sql.SQL("copy {} ({}) from stdin (format csv)").format(table, columns)
    with connection.cursor() as cursor, cursor.copy(statement) as copy:
        copy.write(text.getvalue())
    return len(rows)
