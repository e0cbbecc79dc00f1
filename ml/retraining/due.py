"""Whether a training is due, and why: a sentence and the figures behind it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Self

import numpy as np
import psycopg
from psycopg import sql

from ml.retraining.drift import Drift, drift_of
from ml.retraining.ledger import Family, Known, Training
from ml.retraining.rules import PromiseRules, Rules


@dataclass(frozen=True, slots=True)
class Due:
    """Whether a training is due.

    Attributes:
        is_due: It is.
        reason: Why, or why not, in a sentence.
        evidence: The figures, by name.
    """

    is_due: bool
    reason: str
    evidence: dict[str, float] = field(default_factory=dict)

    @classmethod
    def yes(cls, reason: str, evidence: Mapping[str, float] | None = None) -> Self:
        """It is."""
        return cls(is_due=True, reason=reason, evidence=dict(evidence or {}))

    @classmethod
    def no(cls, reason: str, evidence: Mapping[str, float] | None = None) -> Self:
        """It is not."""
        return cls(is_due=False, reason=reason, evidence=dict(evidence or {}))


def due(
    connection: psycopg.Connection,
    last: Training | None,
    now: Known,
    rules: Rules,
    *,
    family: Family,
    has_champion: bool,
) -> Due:
    """Decide whether a training is due.

    Args:
        connection: As role trainer.
        last: The last training; None where there was none.
        now: What a training would know now.
        rules: The tunables.
        family: Of the model.
        has_champion: A champion is there and can be read.
    """
    if last is None:
        return Due.yes("nothing has been trained yet")
    if not last.trained:
        return Due.yes(f"the last training came to nothing ({last.outcome})")
    if last.promoted and not has_champion:
        return Due.yes("the champion's files are gone")
    if last.data_kind != now.data_kind:
        return Due.yes(f"the data are {now.data_kind} now, and were {last.data_kind}")
    if last.tunables != now.tunables:
        return Due.yes("the tunables have changed")
    return _by_news(connection, last, now, rules, family)


def _by_news(
    connection: psycopg.Connection, last: Training, now: Known, rules: Rules, family: Family
) -> Due:
    months = _months_since(connection, last.known_to or 0)
    share = abs(now.chip_months - last.chip_months) / max(last.chip_months, 1)
    evidence = {"new_months": float(months), "share_of_chip_months_new_or_gone": share}
    if months >= rules.new_months:
        return Due.yes(f"{months} months have come since the last training", evidence)
    # Without a new month they are other data, such as generated ones of another size.
    is_told = bool(last.building_months) and not months
    change = abs(now.building_months - last.building_months) / max(last.building_months, 1)
    for what, part in (("chip-months", share), ("buildings", change if is_told else 0.0)):
        if part >= rules.new_share:
            sentence = f"{part:.0%} of the {what} are new or gone since the last training"
            return Due.yes(sentence, evidence)
    if not months:
        return Due.no("no month has come since the last training", evidence)
    drifts = list(_drifts(connection, last.known_to or 0, rules))
    evidence |= {f"psi_{one.column}": one.psi for one in drifts}
    evidence |= {f"distance_{one.column}": one.distance for one in drifts}
    if drifted := [str(one) for one in drifts if one.is_drift]:
        return Due.yes(f"the data drift: {', '.join(drifted)}", evidence)
    ratio = None
    if family is Family.CHIPS and last.model_version is not None:
        ratio = broken_promise(connection, rules.promise)
    if ratio is not None:
        evidence["loss_of_promised"] = ratio
        if ratio > rules.promise.worst_ratio:
            sentence = f"the champion's loss is {ratio:.1f} times what its backtest promised"
            return Due.yes(sentence, evidence)
    come = f"{months} month{'s' if months > 1 else ''} of {rules.new_months} have come since"
    return Due.no(f"{come}, without drift, and the champion errs as promised", evidence)


def _months_since(connection: psycopg.Connection, known_to: int) -> int:
    row = connection.execute(
        "select count(distinct as_of) from features.chip_month where as_of > %s", (known_to,)
    ).fetchone()
    return int(row[0]) if row else 0


def _drifts(connection: psycopg.Connection, known_to: int, rules: Rules) -> Iterator[Drift]:
    for column in rules.drift.columns:
        query = sql.SQL(
            "select as_of > %s, {}::double precision from features.chip_month "
            "where months_since_previous = 1"
        ).format(sql.Identifier(column))
        rows = connection.execute(query, (known_to,)).fetchall()
        is_new = np.array([new for new, _ in rows], dtype=bool)
        values = np.array([value for _, value in rows], dtype=np.float64)
        found = drift_of(column, values[~is_new], values[is_new], rules.drift)
        if found is not None:
            yield found


def broken_promise(connection: psycopg.Connection, rules: PromiseRules) -> float | None:
    """Return the loss that truth brought, as multiple of what the backtest promised.

    Of the forecasts of the version that made the newest one; each horizon counts as much as it has
    outcomes. None where there are too few of these, or no backtest is known.
    """
    row = connection.execute(
        """
        with champion as (
            select model_version
            from ml.current_forecast
            order by written_at desc
            limit 1
        ),

        promised as (
            select backtest.horizon, backtest.target, backtest.pinball
            from ml.training
            inner join champion using (model_version)
            inner join ml.backtest on training.mlflow_run = backtest.run_id
            where
                training.family = 'chips'
                and backtest.protocol = 'rolling_origin'
                and backtest.forecaster = 'model'
        )

        select
            count(*),
            sum(forecast_error.pinball / nullif(promised.pinball, 0)) / nullif(count(*), 0)
        from ml.forecast_error
        inner join champion using (model_version)
        inner join promised using (horizon, target)
        """
    ).fetchone()
    outcomes, ratio = row or (0, None)
    return None if outcomes < rules.least_outcomes or ratio is None else float(ratio)
