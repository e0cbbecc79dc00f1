"""Births, demolitions and occlusions as the warehouse tells them, beside the generated truth.

Generated data come with their truth, which the warehouse never sees. Here
stands how often the warehouse tells it, building by building and month by month.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, LiteralString

import polars as pl
import psycopg

from synthetic.errors import SyntheticDataError
from warehouse.access import connect
from warehouse.connection.roles import Role

MONTH: Final = ["chip_id", "time_key"]
BUILDING: Final = ["chip_id", "building_id"]
EVENT: Final = ["chip_id", "building_id", "time_key"]

_BUILDINGS: Final = """
    select chip_id, building_id
    from marts.dim_building
    inner join marts.dim_chip using (chip_key)
"""
_BIRTHS: Final = """
    select chip_id, building_id, first_seen
    from (
        select *, min(first_seen) over (partition by chip_key) as first_month
        from marts.dim_building
    ) as buildings
    inner join marts.dim_chip using (chip_key)
    where first_seen > first_month and months_hidden_before = 0
"""
_DEMOLITIONS: Final = """
    select chip_id, building_id, demolished_in
    from marts.dim_building
    inner join marts.dim_chip using (chip_key)
    where state = 'demolished'
"""
_OCCLUSIONS: Final = """
    select chip_id, building_id, time_key
    from (
        select chip_key, building_id, months
        from intermediate.int_building_absences
        where kind = 'occluded'
        union all
        select chip_key, building_id, int4range(1, months_hidden_before, '[]')
        from marts.dim_building
        where months_hidden_before > 0
    ) as hidden
    inner join intermediate.int_chip_months as chip_months
        on
            hidden.chip_key = chip_months.chip_key
            and hidden.months @> chip_months.ordinal::integer
    inner join marts.dim_chip on hidden.chip_key = dim_chip.chip_key
"""
_COUNTS: Final = """
    select chip_id, time_key, building_count, corrected_count
    from marts.fact_chip_month
    inner join marts.dim_chip using (chip_key)
"""


@dataclass(frozen=True, slots=True)
class Agreement:
    """Events that the warehouse tells, beside those of the truth.

    Attributes:
        told: Events of the warehouse.
        true: Events of the truth.
        right: Events of both.
    """

    told: int
    true: int
    right: int

    @property
    def precision(self) -> float:
        """Share of what is told that is true."""
        return self.right / self.told if self.told else float("nan")

    @property
    def recall(self) -> float:
        """Share of what is true that is told."""
        return self.right / self.true if self.true else float("nan")


@dataclass(frozen=True, slots=True)
class Lifecycle:
    """How well a warehouse tells the lives of its buildings.

    Attributes:
        births: Buildings that came after their chip's first month; right if in the same month.
        demolitions: Buildings that went for good, likewise.
        occlusions: Building-months: a building stands and its month has no row of it.
        raw_error: Sum over chips and months of how far the raw count is off the true one.
        corrected_error: The same of the corrected count.
    """

    births: Agreement
    demolitions: Agreement
    occlusions: Agreement
    raw_error: int
    corrected_error: int

    @property
    def correction(self) -> float:
        """How many times closer to the truth corrected counts are than raw ones."""
        return self.raw_error / self.corrected_error if self.corrected_error else float("inf")


def judge(connection: psycopg.Connection, truth: Path) -> Lifecycle:
    """Compare a warehouse with the truth of the generated data that it holds.

    A birth or an end in a month that was not observed counts for the next one that was.

    Args:
        connection: As a role that reads intermediate and marts.
        truth: The folder ``truth`` that ``python -m synthetic synthesize`` wrote.

    Raises:
        SyntheticDataError: There is no truth, or it is that of other data.
    """
    buildings = _truth(truth, "buildings")
    months = _truth(truth, "chip_months").filter("observed")
    _check_that_it_is_of_these(buildings, _told(connection, _BUILDINGS, BUILDING), truth)
    counts = months.join(_told(connection, _COUNTS, [*MONTH, "raw", "corrected"]), on=MONTH)
    first_months = months.group_by("chip_id").agg(first_month=pl.col("time_key").min())
    newcomers = buildings.join(first_months, on="chip_id").filter(
        pl.col("born") > pl.col("first_month")
    )
    return Lifecycle(
        births=_agreement(_told(connection, _BIRTHS), _seen(newcomers, "born", months)),
        demolitions=_agreement(_told(connection, _DEMOLITIONS), _seen(buildings, "ended", months)),
        occlusions=_agreement(_told(connection, _OCCLUSIONS), _truth(truth, "occlusions")),
        raw_error=_error(counts, "raw"),
        corrected_error=_error(counts, "corrected"),
    )


def _check_that_it_is_of_these(true: pl.DataFrame, told: pl.DataFrame, truth: Path) -> None:
    known = told.join(true, on=BUILDING).height
    if not known == told.height == true.height:
        raise SyntheticDataError(
            f"the warehouse holds {told.height:,} buildings, {truth} tells of {true.height:,}, and "
            f"{known:,} are in both; expected the truth of the data that were loaded"
        )


def _told(
    connection: psycopg.Connection, query: LiteralString, columns: Sequence[str] = EVENT
) -> pl.DataFrame:
    schema = {name: pl.String if name == "chip_id" else pl.Int32 for name in columns}
    return pl.DataFrame(connection.execute(query).fetchall(), schema=schema, orient="row")


def _truth(folder: Path, name: str) -> pl.DataFrame:
    path = folder / f"{name}.parquet"
    if not path.is_file():
        raise SyntheticDataError(
            f"there is no {path}; expected the folder `truth` that `python -m loaders "
            "synthesize` wrote"
        )
    return pl.read_parquet(path)


def _seen(buildings: pl.DataFrame, column: str, months: pl.DataFrame) -> pl.DataFrame:
    """Return events of a column of months, each in the first observed month from then on."""
    events = buildings.drop_nulls(column).sort(column)
    observed = months.select("chip_id", "time_key").sort("time_key")
    return events.join_asof(
        observed,
        left_on=column,
        right_on="time_key",
        by="chip_id",
        strategy="forward",
        check_sortedness=False,
    ).drop_nulls("time_key")


def _agreement(told: pl.DataFrame, true: pl.DataFrame) -> Agreement:
    return Agreement(told.height, true.height, told.join(true, on=EVENT).height)


def _error(counts: pl.DataFrame, count: str) -> int:
    return int((counts[count] - counts["true_count"]).abs().sum())


def judge_warehouse(truth: Path) -> Lifecycle:
    """Compare the warehouse with the truth of the generated data that it holds.

    Raises:
        SyntheticDataError: There are no marts, or as ``judge`` does.
    """
    with connect(role=Role.ORCHESTRATOR) as connection:
        try:
            return judge(connection, truth)
        except psycopg.errors.UndefinedTable as error:
            message = "there are no marts yet; build them with `make run`"
            raise SyntheticDataError(message) from error


def table(found: Lifecycle) -> Iterator[str]:
    """Yield the lines of a small table of the figures."""
    yield f"{'':12}{'told':>12}{'true':>12}{'right':>12}{'precision':>12}{'recall':>12}"
    for name in ("births", "demolitions", "occlusions"):
        events: Agreement = getattr(found, name)
        yield (
            f"{name:12}{events.told:12,}{events.true:12,}{events.right:12,}"
            f"{events.precision:12.3f}{events.recall:12.3f}"
        )
    yield (
        f"counts are off by {found.raw_error:,} buildings raw and {found.corrected_error:,} "
        f"corrected, summed over chips and months: {found.correction:.0f} times closer"
    )
