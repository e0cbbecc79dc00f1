"""Checks of age: whether sources and tables are as new as a monthly pipeline makes them."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

import dagster as dg

from loaders.sources import known_sources

FRESH_DAYS: Final = 45
"""Planet's mosaics come each month; half a month later than that is late."""

_TABLES: Final = [
    ["marts", "dim_chip"],
    ["marts", "dim_aoi"],
    ["marts", "dim_time"],
    ["marts", "dim_building"],
    ["marts", "dim_footprint"],
    ["marts", "fact_cell_month"],
    ["marts", "fact_chip_month"],
    ["marts", "fact_chip_observation"],
    ["features", "chip_month"],
    ["ml", "chip_forecast"],
]


@dg.asset_check(
    asset=["raw", "load_run"],
    description=f"A source was loaded or confirmed within the last {FRESH_DAYS} days.",
)
def sources_are_fresh() -> dg.AssetCheckResult:
    """Warn where nothing has been loaded for long; the sources with their last load are shown."""
    dates = {one.name: one.loaded_at for one in known_sources() if one.loaded_at is not None}
    newest = max(dates.values(), default=None)
    return dg.AssetCheckResult(
        passed=_is_fresh(newest),
        severity=dg.AssetCheckSeverity.WARN,
        metadata={
            "last_load": _said(newest),
            "sources": {name: _said(when) for name, when in dates.items()},
        },
    )


@dg.multi_asset_check(
    name="tables_are_fresh",
    specs=[
        dg.AssetCheckSpec(
            "is_fresh",
            asset=key,
            description=f"The table was built, or found to stand, in the last {FRESH_DAYS} days.",
        )
        for key in _TABLES
    ],
)
def tables_are_fresh(context: dg.AssetCheckExecutionContext) -> Iterator[dg.AssetCheckResult]:
    """Warn of tables that no run has looked after for long."""
    for key in map(dg.AssetKey, _TABLES):
        event = context.instance.get_latest_materialization_event(key)
        built = None if event is None else datetime.fromtimestamp(event.timestamp, UTC)
        yield dg.AssetCheckResult(
            asset_key=key,
            check_name="is_fresh",
            passed=_is_fresh(built),
            severity=dg.AssetCheckSeverity.WARN,
            metadata={"last_build": _said(built)},
        )


def _is_fresh(when: datetime | None) -> bool:
    return when is not None and datetime.now(UTC) - when <= timedelta(days=FRESH_DAYS)


def _said(when: datetime | None) -> str:
    return "none" if when is None else f"{when:%Y-%m-%d %H:%M}"


FRESHNESS: Final[Sequence[dg.AssetChecksDefinition]] = [sources_are_fresh, tables_are_fresh]
