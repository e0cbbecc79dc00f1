"""``ml.training``: which trainings there were, what they knew, what became of them."""

import hashlib
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

import psycopg
from psycopg.rows import class_row
from pydantic import BaseModel

from ml.data.examples import MISSING_TABLE_ADVICE
from ml.data.origin import data_kind
from ml.errors import FeatureTableError

_TABLE: Final = Path(__file__).with_name("training.sql")


class Family(StrEnum):
    """What a model forecasts."""

    CHIPS = "chips"
    CELLS = "cells"


@dataclass(frozen=True, slots=True)
class Known:
    """What a training knows, or would know now.

    Attributes:
        known_to: Last as-of month; None where there is none.
        chip_months: Rows of ``features.chip_month``.
        data_kind: Generated or own.
        tunables: Digest of the tunables.
        building_months: Buildings known, over all chip-months.
    """

    known_to: int | None
    chip_months: int
    data_kind: str
    tunables: str
    building_months: int = 0


@dataclass(frozen=True, slots=True)
class Training:
    """A training as it was written down; the columns of ``ml.training``."""

    due_because: str
    trained: bool
    promoted: bool
    outcome: str
    model_version: int | None
    mlflow_run: str | None
    known_to: int | None
    chip_months: int
    data_kind: str
    tunables: str
    building_months: int = 0


def ensure_ledger(connection: psycopg.Connection) -> None:
    """Make the table, within the caller's transaction."""
    connection.execute(_TABLE.read_bytes())


def known_now(connection: psycopg.Connection, tunables: BaseModel) -> Known:
    """Return what a training would know now.

    Args:
        connection: As role trainer; ``features.chip_month`` is there.
        tunables: Those that it would be made with.

    Raises:
        FeatureTableError: ``features.chip_month`` is not there.
    """
    try:
        row = connection.execute(
            "select max(as_of), count(*), coalesce(sum(known_count), 0) from features.chip_month"
        ).fetchone()
    except (psycopg.errors.UndefinedTable, psycopg.errors.UndefinedColumn) as error:
        message = f"{error.diag.message_primary}; {MISSING_TABLE_ADVICE}"
        raise FeatureTableError(message) from error
    known_to, chip_months, buildings = row or (None, 0, 0)
    digest = hashlib.sha256(tunables.model_dump_json().encode()).hexdigest()[:16]
    kind = str(data_kind(connection))
    return Known(known_to, int(chip_months), kind, digest, int(buildings))


def last_training(connection: psycopg.Connection, family: Family) -> Training | None:
    """Return the last training of a family, or None."""
    with connection.cursor(row_factory=class_row(Training)) as cursor:
        return cursor.execute(
            """
            select
                due_because, trained, promoted, outcome, model_version, mlflow_run, known_to,
                chip_months, data_kind, tunables, building_months
            from ml.training
            where family = %s
            order by training_id desc
            limit 1
            """,
            (family,),
        ).fetchone()


def note_training(connection: psycopg.Connection, family: Family, row: Training) -> None:
    """Write a training down."""
    values: dict[str, Any] = {name: getattr(row, name) for name in Training.__slots__}
    connection.execute(
        """
        insert into ml.training (
            family, due_because, trained, promoted, outcome, model_version, mlflow_run, known_to,
            chip_months, data_kind, tunables, building_months
        ) values (
            %(family)s, %(due_because)s, %(trained)s, %(promoted)s, %(outcome)s,
            %(model_version)s, %(mlflow_run)s, %(known_to)s, %(chip_months)s, %(data_kind)s,
            %(tunables)s, %(building_months)s
        )
        """,
        {"family": str(family), **values},
    )
