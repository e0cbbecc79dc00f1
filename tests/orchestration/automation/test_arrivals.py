"""The sensor of the inbox on a real database: what it asks for, and what the runs make of it."""

import gzip
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import dagster as dg
import pytest

from orchestration.assets.raw import raw_tables
from orchestration.assets.source import source_data
from orchestration.automation.arrivals import (
    ATTEMPT,
    INBOX,
    MOST_ATTEMPTS,
    STARTED_BY,
    WHAT,
    evaluate,
)
from orchestration.dbt.months import Stage
from orchestration.inbox.place import open_inbox
from orchestration.runs.here import _origin
from orchestration.runs.lock import run_lock
from tests.fixtures.sources import Raw, csv_text, row


def _main() -> dg.JobDefinition:
    return dg.Definitions(
        assets=[source_data, raw_tables],
        jobs=[dg.define_asset_job("main", dg.AssetSelection.all())],
        resources={"run_lock": run_lock},
        executor=dg.in_process_executor,
    ).resolve_job_def("main")


@dataclass
class Daemon:
    """Looks into the inbox and does what the sensor asks for, as Dagster's daemon does."""

    folder: Path
    instance: dg.DagsterInstance
    cursor: str | None = None
    clock: float = 0.0

    def look(self, *, after: float = 60.0) -> dg.RunRequest | dg.SkipReason:
        self.clock += after
        inbox = open_inbox()
        assert inbox is not None
        asked, sightings = evaluate(inbox, self.instance, self.cursor, now=self.clock)
        self.cursor = json.dumps(sightings)
        return asked

    def settle(self) -> dg.RunRequest | dg.SkipReason:
        """Look twice: what is new has then been there for a minute."""
        self.look()
        return self.look()

    def run(self, request: dg.RunRequest | dg.SkipReason) -> dg.ExecuteInProcessResult:
        assert isinstance(request, dg.RunRequest), request
        return _main().execute_in_process(
            run_config=request.run_config, tags=request.tags, instance=self.instance,
            raise_on_error=False,
        )  # fmt: skip

    def months(self) -> list[str]:
        return sorted(self.instance.get_materialized_partitions(Stage.LOADED.key))


@pytest.fixture
def daemon(database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Daemon]:
    folder = tmp_path / "inbox"
    folder.mkdir()
    monkeypatch.setenv("SN7_INBOX", str(folder))
    with dg.DagsterInstance.ephemeral() as instance:
        yield Daemon(folder, instance)


@pytest.fixture
def raw(database: str) -> Raw:
    return Raw(database)


def put(daemon: Daemon, name: str, *rows: tuple[str, int, str]) -> Path:
    path = daemon.folder / name
    path.write_text(csv_text(rows))
    return path


Held = Callable[[], list[str]]


@pytest.fixture
def held(raw: Raw) -> Held:
    def ask() -> list[str]:
        rows = raw.query("select time_key || ' ' || row_count from raw.image order by 1")
        return [str(one) for (one,) in rows]

    return ask


def test_what_comes_changes_and_goes_is_taken_once(daemon: Daemon, held: Held) -> None:
    put(daemon, "a.csv", row(1), row(2))
    put(daemon, "b.csv", row(1, "2018_02"))
    assert isinstance(daemon.look(), dg.SkipReason)
    asked = daemon.look()
    assert asked.tags[WHAT] == "a.csv, b.csv"  # type: ignore[union-attr]
    assert daemon.run(asked).success
    assert held() == ["201801 2", "201802 1"]
    assert daemon.months() == ["201801", "201802"]
    assert daemon.settle().skip_message == "nothing new"  # type: ignore[union-attr]

    put(daemon, "b.csv", row(1, "2018_02"), row(2, "2018_02"))
    (daemon.folder / "a.csv").touch()
    asked = daemon.settle()
    assert asked.tags[WHAT] == "b.csv"  # type: ignore[union-attr]
    result = daemon.run(asked)
    assert held() == ["201801 2", "201802 2"]
    events = [event.partition for event in result.all_events if event.is_step_materialization]
    assert [one for one in events if one] == ["201802"]

    (daemon.folder / "a.csv").unlink()
    asked = daemon.settle()
    assert asked.tags[WHAT] == "-a.csv"  # type: ignore[union-attr]
    assert daemon.run(asked).success
    assert held() == ["201802 2"]
    assert daemon.instance.get_dynamic_partitions("month") == ["201802"]


def test_a_corrupt_file_holds_up_no_other_and_is_not_tried_again(
    daemon: Daemon, held: Held
) -> None:
    packed = gzip.compress(csv_text(row(n, "2018_03") for n in range(500)).encode())
    (daemon.folder / "bad.csv.gz").write_bytes(packed[: len(packed) // 2])
    put(daemon, "good.csv", row(1))

    result = daemon.run(daemon.settle())

    assert result.success
    assert held() == ["201801 1"]
    checks = {one.check_name: one for one in result.get_asset_check_evaluations()}
    refused = checks["inbox_was_taken"]
    assert not refused.passed
    assert "bad.csv.gz" in str(refused.metadata["refused"].value)
    assert daemon.settle().skip_message == "nothing new"  # type: ignore[union-attr]

    (daemon.folder / "bad.csv.gz").write_bytes(packed)
    assert daemon.run(daemon.settle()).success
    assert held() == ["201801 1", "201803 500"]


def test_what_a_withdrawn_source_had_replaced_comes_back(daemon: Daemon, held: Held) -> None:
    put(daemon, "first.csv", row(1), row(2))
    daemon.run(daemon.settle())
    put(daemon, "corrected.csv", row(1), row(2), row(3))
    daemon.run(daemon.settle())
    assert held() == ["201801 3"]

    (daemon.folder / "corrected.csv").unlink()
    daemon.run(daemon.settle())

    assert held() == ["201801 2"]


def test_a_run_that_failed_is_tried_again_a_few_times(
    daemon: Daemon, held: Held, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(daemon, "a.csv", row(1))
    asked = daemon.settle()
    monkeypatch.setattr("orchestration.automation.arrivals.WAIT_SECONDS", 0)
    with monkeypatch.context() as patch:
        patch.setenv("SN7_DSN", "host=/nowhere dbname=none")
        assert not daemon.run(asked).success
    attempts = [asked.tags[ATTEMPT]]  # type: ignore[union-attr]
    for _ in range(MOST_ATTEMPTS - 1):
        asked = daemon.look()
        attempts.append(asked.tags[ATTEMPT])  # type: ignore[union-attr]
        with monkeypatch.context() as patch:
            patch.setenv("SN7_DSN", "host=/nowhere dbname=none")
            daemon.run(asked)
    assert attempts == ["1", "2", "3"]
    last = daemon.look()
    assert "3 runs on this have failed" in last.skip_message  # type: ignore[operator, union-attr]

    put(daemon, "a.csv", row(1), row(2))
    assert daemon.run(daemon.settle()).success
    assert held() == ["201801 2"]


@pytest.mark.parametrize("status", ["NOT_STARTED", "QUEUED", "STARTING", "STARTED", "CANCELING"])
def test_nothing_is_asked_for_while_a_run_is_on_or_waits_its_turn(
    daemon: Daemon, status: str
) -> None:
    put(daemon, "a.csv", row(1))
    daemon.look()
    daemon.instance.create_run_for_job(
        _main(),
        tags={STARTED_BY: INBOX},
        status=dg.DagsterRunStatus(status),
        remote_job_origin=_origin(),
    )

    asked = daemon.look()

    assert isinstance(asked, dg.SkipReason)
    assert asked.skip_message == "a run on what came before is not over yet"


def test_a_run_that_died_after_the_load_is_carried_on(
    daemon: Daemon, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(daemon, "a.csv", row(1))
    monkeypatch.setattr("orchestration.automation.arrivals.WAIT_SECONDS", 0)
    done = daemon.run(daemon.settle())
    run = daemon.instance.get_run_by_id(done.run_id)
    assert run is not None
    assert isinstance(daemon.look(), dg.SkipReason)

    daemon.instance.report_run_failed(run, "its process is gone")

    asked = daemon.look()
    assert isinstance(asked, dg.RunRequest)
    assert (asked.tags[WHAT], asked.tags[ATTEMPT]) == ("a.csv", "2")
    assert daemon.run(asked).success
    assert isinstance(daemon.look(), dg.SkipReason)
