"""The step that scores trackers: every one of them, and nothing twice."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import dagster as dg

from loaders.load import load, load_predictions
from orchestration.assets.trackers import SCORE_TABLES, scored_trackers
from tests.fixtures.sources import CHIP, OTHER_CHIP, Raw, row

WriteCsv = Callable[..., Path]
COLUMNS = ("tracker", "scot", "chips", "scored_now")


def scored() -> tuple[dict[str, int], list[tuple[Any, ...]]]:
    """Rows of each table, and what is said of each tracker, after the step."""
    result = dg.materialize(
        [scored_trackers], resources={"run_lock": dg.ResourceDefinition.none_resource()}
    )
    found = {
        event.asset_key.path[-1]: event.materialization.metadata
        for event in result.get_asset_materialization_events()
        if event.asset_key is not None
    }
    counts = {name: int(str(data["dagster/row_count"].value)) for name, data in found.items()}
    table = found["run"]["trackers"]
    assert isinstance(table, dg.TableMetadataValue)
    return counts, [tuple(one.data[name] for name in COLUMNS) for one in table.records]


def test_every_tracker_is_scored_and_nothing_twice(raw: Raw, write_csv: WriteCsv) -> None:
    load(write_csv([row(1), row(2), row(1, chip=OTHER_CHIP)], "truth.csv"))
    counts, trackers = scored()
    assert (set(counts), trackers) == (set(SCORE_TABLES), [])
    assert sum(counts.values()) == 0
    load_predictions(write_csv([row(1), row(2)], "a.csv"), tracker="a")
    load_predictions(write_csv([row(1, "2018_02", CHIP)], "b.csv"), tracker="b")
    counts, trackers = scored()
    # Without a second month there is no change, and so no SCOT.
    assert trackers == [("a", 0.0, 2, 2), ("b", 0.0, 2, 2)]
    assert (counts["run"], counts["chip_score"], counts["image_match"]) == (2, 4, 4)
    assert scored()[1] == [("a", 0.0, 2, 0), ("b", 0.0, 2, 0)]
