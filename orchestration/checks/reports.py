"""Asset checks that are no dbt tests: what a load or a training says of itself.

The truth of the data is tested by dbt; each check here reads one report and warns a person.
"""

from collections.abc import Mapping
from typing import Any

import dagster as dg

NOTHING_REJECTED = dg.AssetCheckSpec(
    "nothing_rejected",
    asset=["raw", "rejected_row"],
    description="The load could keep every row of the source.",
)
READ_IS_KEPT = dg.AssetCheckSpec(
    "read_is_loaded_or_rejected",
    asset=["raw", "load_run"],
    description="Rows read = rows loaded + rows rejected, in the last load.",
)
INBOX_WAS_TAKEN = dg.AssetCheckSpec(
    "inbox_was_taken",
    asset=["raw", "load_run"],
    description="Every source that came into the inbox could be loaded.",
)
BEATS_BASELINES = dg.AssetCheckSpec(
    "beats_baselines",
    asset=["ml", "trained_model"],
    description="The new model beats every plain baseline, and the gate made it champion.",
)


def nothing_rejected(rejected: int, reasons: Mapping[str, int]) -> dg.AssetCheckResult:
    """Warn of rows that were rejected, with the reasons."""
    return _result(
        NOTHING_REJECTED,
        passed=rejected == 0,
        warn=True,
        rows_rejected=rejected,
        reasons=dict(reasons),
    )


def read_is_kept(*, read: int, loaded: int, rejected: int) -> dg.AssetCheckResult:
    """Fail where rows were lost between the source and the tables."""
    return _result(READ_IS_KEPT, passed=read == loaded + rejected, warn=False, rows_read=read)


def inbox_was_taken(refused: Mapping[str, str]) -> dg.AssetCheckResult:
    """Warn of sources that could not be loaded, each with the reason."""
    return _result(INBOX_WAS_TAKEN, passed=not refused, warn=True, refused=dict(refused))


def beats_baselines(*, promoted: bool, reason: str) -> dg.AssetCheckResult:
    """Warn where there is no new model."""
    return _result(BEATS_BASELINES, passed=promoted, warn=True, reason=reason)


def _result(
    spec: dg.AssetCheckSpec, *, passed: bool, warn: bool, **metadata: Any
) -> dg.AssetCheckResult:
    severity = dg.AssetCheckSeverity.WARN if warn else dg.AssetCheckSeverity.ERROR
    return dg.AssetCheckResult(
        asset_key=spec.asset_key,
        check_name=spec.name,
        passed=passed,
        severity=severity,
        metadata=metadata,
    )
