"""Reading what dbt says of a build."""

from typing import Any

from orchestration.dbt.results import DbtResults

NODES: list[dict[str, Any]] = [
    {"unique_id": "model.sn7.dim_chip", "status": "success", "message": "SELECT 60"},
    {"unique_id": "model.sn7.dim_aoi", "status": "skipped", "message": None},
    {
        "unique_id": "model.sn7.dim_time",
        "status": "error",
        "message": "Database Error\n  no table\n  compiled code at /home/x.sql",
    },
    {"unique_id": "operation.sn7.sn7-on-run-end-0", "status": "success", "message": "OK"},
    {"unique_id": "test.sn7.not_null_dim_chip.1a2b", "status": "pass", "message": None},
    {"unique_id": "test.sn7.assert_counts", "status": "fail", "message": "Got 2 results"},
    {"unique_id": "test.sn7.is_fresh.3c", "status": "warn", "message": "Got 1 result"},
    {"unique_id": "test.sn7.skipped.3c", "status": "skipped", "message": None},
]


def test_models_and_tests_are_counted_apart() -> None:
    results = DbtResults.from_nodes(NODES)

    assert results.models == 1
    assert (results.tests_passed, results.tests_warned, results.tests_failed) == (1, 1, 1)


def test_each_failure_is_named_in_one_line() -> None:
    assert DbtResults.from_nodes(NODES).failures == (
        "model dim_time: Database Error no table",
        "test assert_counts: Got 2 results",
    )
