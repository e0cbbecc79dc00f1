"""Trackers whose predictions were loaded, scored beside the truth by ``scoring``."""

from collections.abc import Iterator
from typing import Any, Final

import dagster as dg
import yaml

from orchestration.assets.tables import table_of
from orchestration.dbt.counts import row_counts
from orchestration.owners import MACHINE_LEARNING
from orchestration.terminal import step
from scoring.errors import NoTruthError
from scoring.kept.tracker import Scoring, score_all
from warehouse.access import connect
from warehouse.connection.roles import Role
from warehouse.connection.settings import PROJECT_ROOT

SOURCES: Final = PROJECT_ROOT / "dbt_project" / "models" / "staging" / "scores.yml"


def described_tables() -> dict[str, str]:
    """Return the tables of scores, with their descriptions in the dbt project."""
    [source] = yaml.safe_load(SOURCES.read_text(encoding="utf-8"))["sources"]
    return {table["name"]: table["description"] for table in source["tables"]}


SCORE_TABLES: Final = described_tables()


@dg.multi_asset(
    specs=[
        dg.AssetSpec(
            ["scores", table],
            deps=[
                ["raw", name]
                for name in (
                    *("image", "image_rows", "footprint", "unusable_area"),
                    *("prediction_image", "prediction_image_rows", "prediction_footprint"),
                )
            ],
            group_name="scores",
            owners=[MACHINE_LEARNING],
            kinds={"postgres"},
            description=description,
        )
        for table, description in SCORE_TABLES.items()
    ],
    required_resource_keys={"run_lock"},
)
def scored_trackers() -> Iterator[dg.MaterializeResult[None]]:
    """Score every tracker by SCOT, as it was scored before; chips that did not change stay."""
    found = score_all(on_chip=lambda done, total: step.report(done, total, "chips"))
    with connect(role=Role.ORCHESTRATOR) as connection:
        counts = row_counts(connection, schema="scores", tables=SCORE_TABLES)
    extra = {"run": {"trackers": _table(found)}}
    for table, count in counts.items():
        metadata: dict[str, Any] = {"dagster/row_count": count, **extra.get(table, {})}
        yield dg.MaterializeResult(asset_key=["scores", table], metadata=metadata)


def _table(found: dict[str, Scoring | NoTruthError]) -> dg.TableMetadataValue:
    records: list[dict[str, Any]] = [
        {"tracker": name, "scot": None, "chips": 0, "scored_now": 0, "remark": str(one)}
        if isinstance(one, NoTruthError)
        else {
            "tracker": name,
            "scot": one.score.scot,
            "chips": len(one.score.chips),
            "scored_now": one.chips_scored,
            "remark": "",
        }
        for name, one in found.items()
    ]
    columns = {
        "tracker": "string", "scot": "float", "chips": "int", "scored_now": "int",
        "remark": "string",
    }  # fmt: skip
    return table_of(records, columns)
