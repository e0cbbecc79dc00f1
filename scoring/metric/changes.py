"""In which month a change is told, beside the month in which it came."""

import numpy as np
import polars as pl

from scoring.metric.matched import Matched


def changes(matched: Matched) -> pl.DataFrame:
    """Say of every building that appears when the tracker told it.

    A building is told by the prediction of its first match, in the month in which that id is first
    seen. An id that is there in the first month tells no change, and neither does a building that
    is never matched.

    Returns:
        One row per building that is not there in the first month, by id: ``building_id`` Int64,
        ``time_key`` Int32 (its first month), ``predicted_id`` Int64 (null without a match),
        ``told_key`` Int32 (null where no change is told), ``months_late`` Int32 (calendar months,
        negative where it was told early; null with ``told_key``).
    """
    truth, predicted = matched.truth, matched.predicted
    new = np.flatnonzero(matched.truth_is_new)
    new = new[np.argsort(truth.building_ids[new], kind="stable")]
    appeared = pl.DataFrame(
        {
            "building_id": truth.building_ids[new],
            "time_key": truth.time_keys[new].astype(np.int32),
        }
    )
    first_match = pl.DataFrame(
        {
            "building_id": truth.building_ids[matched.truth_at],
            "predicted_id": predicted.building_ids[matched.predicted_at],
        }
    ).unique("building_id", keep="first", maintain_order=True)
    told_at = np.flatnonzero(matched.predicted_is_new)
    told = pl.DataFrame(
        {
            "predicted_id": predicted.building_ids[told_at],
            "told_key": predicted.time_keys[told_at].astype(np.int32),
        }
    )
    return (
        appeared.join(first_match, on="building_id", how="left", maintain_order="left")
        .join(told, on="predicted_id", how="left", maintain_order="left")
        .with_columns(months_late=_month("told_key") - _month("time_key"))
    )


def lateness(parts: list[pl.DataFrame]) -> pl.DataFrame:
    """Count the changes of several chips by ``months_late``; null stands for changes not told."""
    return (
        pl.concat(parts).group_by("months_late").len("changes").sort("months_late", nulls_last=True)
    )


def _month(time_key: str) -> pl.Expr:
    return pl.col(time_key) // 100 * 12 + pl.col(time_key) % 100
