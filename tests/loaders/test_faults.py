"""Loads that are killed or meet each other: the same command again ends where one load ends."""

import contextlib
import logging
import multiprocessing
import multiprocessing.context
import os
import random
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest

from loaders.errors import DatabaseFullError, DatabaseLostError, LoaderError
from loaders.forms import streams
from loaders.load import load
from loaders.raw.ledger import LOAD_LOCK
from loaders.sources import forget
from tests.fixtures.databases import private_home
from tests.fixtures.sources import CHIP, OTHER_CHIP, Raw, Row, row, square
from warehouse.connection.errors import UserError
from warehouse.connection.settings import Settings
from warehouse.server import lifecycle
from warehouse.server.install import administrator_prefix

WriteCsv = Callable[..., Path]


def many_rows(*, month: str = "2018_02", side: float = 4) -> list[Row]:
    """Rows of two chips and three months; one month's polygons are of the given size."""
    return [
        row(n, each, chip, square(n % 100 * 10, n // 100 * 10, side=side if each == month else 4))
        for chip in (OTHER_CHIP, CHIP)
        for each in ("2018_01", "2018_02", "2018_03")
        for n in range(800)
    ]


@pytest.fixture
def small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make the loads of this process long, in many small pieces."""
    monkeypatch.setattr("loaders.forms.streams.PIECE_BYTES", 10_000)


@pytest.fixture
def undisturbed(raw: Raw, write_csv: WriteCsv, tmp_path: Path, small_pieces: None) -> float:
    """Seconds that a load takes when nobody disturbs it."""
    load(write_csv(many_rows(), "undisturbed.csv"))
    started = time.monotonic()
    load(write_csv(many_rows(side=5), "undisturbed.csv"))
    seconds = time.monotonic() - started
    forget(str(tmp_path / "undisturbed.csv"))
    return seconds


def load_in_small_pieces(dsn: str, path: Path) -> None:
    """What a process that is going to be killed does."""
    os.environ["SN7_DSN"] = dsn
    pytest.MonkeyPatch().setattr(streams, "PIECE_BYTES", 10_000)
    load(path, source="labels")


@pytest.fixture(scope="module")
def processes() -> multiprocessing.context.ForkServerContext:
    """Starts processes quickly: they are forked from one that has imported the loaders."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["loaders.load"])
    return context


def terminate_loaders(dsn: str) -> int:
    with psycopg.connect(dsn, autocommit=True) as connection:
        ended = connection.execute(
            """
            select count(pg_terminate_backend(pid)) from pg_stat_activity
            where datname = current_database() and pid <> pg_backend_pid()
            """
        ).fetchone()
    return 0 if ended is None else int(ended[0])


@pytest.mark.parametrize("moment", range(14))
def test_a_killed_loader_leaves_nothing_and_the_next_one_goes_through(
    raw: Raw,
    write_csv: WriteCsv,
    processes: multiprocessing.context.ForkServerContext,
    moment: int,
) -> None:
    chance = random.Random(moment)
    before: list[Row] = []
    if moment % 2:
        before = many_rows()
        load(write_csv(before), source="labels")
    path = write_csv(many_rows(side=6))
    process = processes.Process(target=load_in_small_pieces, args=(raw.dsn, path))
    process.start()
    time.sleep(chance.uniform(0.05, 0.7))
    process.kill()
    process.join()
    load(path, source="labels")
    assert raw.rows() == sorted(many_rows(side=6))
    assert raw.is_consistent()
    assert "running" not in raw.states()


@pytest.mark.parametrize("moment", range(14))
def test_a_lost_connection_leaves_nothing_and_the_next_load_goes_through(
    raw: Raw, write_csv: WriteCsv, undisturbed: float, moment: int
) -> None:
    chance = random.Random(moment)
    before: list[Row] = []
    if moment % 2:
        before = many_rows()
        load(write_csv(before))
    path = write_csv(many_rows(side=6))
    with ThreadPoolExecutor(1) as pool:
        loading = pool.submit(load, path)
        time.sleep(chance.uniform(0, undisturbed))
        terminate_loaders(raw.dsn)
        failure = loading.exception()
    if failure is not None:
        assert isinstance(failure, LoaderError | UserError)
        assert "\n" not in str(failure)
        assert raw.rows() == sorted(before)
    load(path)
    assert raw.rows() == sorted(many_rows(side=6))
    assert raw.is_consistent()
    assert "running" not in raw.states()


@pytest.fixture
def own_server() -> Iterator[Settings]:
    """A private server of the test's own, which it may kill."""
    with private_home() as home:
        settings = Settings(home=home)
        lifecycle.ensure_running(settings)
        yield settings


@pytest.mark.slow
def test_a_killed_server_leaves_nothing_and_the_next_load_goes_through(
    own_server: Settings, write_csv: WriteCsv, small_pieces: None
) -> None:
    chance = random.Random(5)
    for attempt in range(4):
        path = write_csv(many_rows(side=5 + attempt))
        with ThreadPoolExecutor(1) as pool:
            loading = pool.submit(load, path)
            time.sleep(chance.uniform(0.1, 0.9))
            known = lifecycle.locate(own_server)
            assert known is not None
            pid = int(next(known.base.rglob("postmaster.pid")).read_text().splitlines()[0])
            os.kill(pid, signal.SIGKILL)
            failure = loading.exception()
        assert failure is None or isinstance(failure, UserError)
        load(path)
        raw = Raw(lifecycle.ensure_running(own_server))
        assert raw.rows() == sorted(many_rows(side=5 + attempt))
        assert raw.is_consistent()
        assert "running" not in raw.states()


@pytest.mark.parametrize("attempt", range(4))
def test_two_loaders_of_one_file_load_it_once(
    raw: Raw, write_csv: WriteCsv, small_pieces: None, attempt: int
) -> None:
    path = write_csv(many_rows())
    with ThreadPoolExecutor(2) as pool:
        reports = [each.result() for each in [pool.submit(load, path) for _ in range(2)]]
    assert sorted(report.state for report in reports) == ["loaded", "unchanged"]
    assert raw.rows() == sorted(many_rows())
    assert raw.is_consistent()


@pytest.mark.parametrize("attempt", range(4))
def test_loaders_of_different_files_lose_nothing(
    raw: Raw, write_csv: WriteCsv, small_pieces: None, attempt: int
) -> None:
    rows = many_rows()
    parts = [rows[:1600], rows[1600:3200], rows[3200:], rows[:800]]
    paths = [write_csv(part, f"{n}.csv") for n, part in enumerate(parts)]
    with ThreadPoolExecutor(4) as pool:
        reports = list(pool.map(load, paths))
    assert {report.state for report in reports} == {"loaded"}
    assert raw.is_consistent()
    assert set(raw.rows()) <= set(rows)
    assert len(raw.rows()) >= len(rows) - 800


def test_a_second_loader_says_that_it_waits(
    raw: Raw, write_csv: WriteCsv, caplog: pytest.LogCaptureFixture
) -> None:
    path = write_csv([row(1)])
    with psycopg.connect(raw.dsn, autocommit=True) as other, ThreadPoolExecutor(1) as pool:
        other.execute("select pg_advisory_lock(%s)", (LOAD_LOCK,))
        with caplog.at_level(logging.WARNING, "loaders"):
            loading = pool.submit(load, path)
            deadline = time.monotonic() + 20
            while "another load is running" not in caplog.text and time.monotonic() < deadline:
                time.sleep(0.02)
        assert not loading.done()
        other.execute("select pg_advisory_unlock_all()")
        assert loading.result().state == "loaded"
    assert "another load is running" in caplog.text


def test_a_waiting_load_is_not_taken_for_a_stale_one(raw: Raw, write_csv: WriteCsv) -> None:
    paths = [write_csv([row(n)], f"{n}.csv") for n in range(3)]
    with ThreadPoolExecutor(3) as pool:
        list(pool.map(load, paths))
    assert raw.states() == ["loaded"] * 3


def test_a_stale_row_of_the_ledger_becomes_interrupted(raw: Raw, write_csv: WriteCsv) -> None:
    load(write_csv([row(1)]))
    with psycopg.connect(raw.dsn) as connection:
        connection.execute("update raw.load_run set state = 'running'")
    load(write_csv([row(2)]))
    assert raw.states() == ["interrupted", "loaded"]


def test_a_reader_sees_the_old_rows_until_the_load_is_done(
    raw: Raw, write_csv: WriteCsv, monkeypatch: pytest.MonkeyPatch
) -> None:
    load(write_csv(many_rows()))
    seen: list[int] = []
    finish = threading.Event()

    def look(*_: object) -> None:
        seen.append(len(raw.rows()))
        finish.set()

    monkeypatch.setattr("loaders.raw.store.write_claims", look)
    load(write_csv(many_rows()[:800]))
    assert finish.is_set()
    assert seen == [4800]


def test_an_interrupt_leaves_nothing_and_stands_in_the_ledger(
    raw: Raw, write_csv: WriteCsv, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("loaders.raw.store.Store.settle", interrupt)
    with pytest.raises(KeyboardInterrupt):
        load(write_csv(many_rows()))
    assert raw.rows() == []
    assert raw.states() == ["interrupted"]


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (psycopg.errors.DiskFull("could not extend file: No space left"), DatabaseFullError),
        (psycopg.errors.AdminShutdown("terminating connection"), DatabaseLostError),
        (psycopg.OperationalError("consuming input failed: EOF"), DatabaseLostError),
    ],
)
def test_what_the_server_reports_becomes_one_sentence(
    raw: Raw,
    write_csv: WriteCsv,
    monkeypatch: pytest.MonkeyPatch,
    error: psycopg.Error,
    expected: type[LoaderError],
) -> None:
    def fail(*_: object) -> None:
        raise error

    monkeypatch.setattr("loaders.raw.store.copy_into", fail)
    with pytest.raises(expected, match="nothing was changed") as caught:
        load(write_csv([row(1)]))
    assert "\n" not in str(caught.value)
    assert raw.rows() == []


@contextlib.contextmanager
def _small_disk(folder: Path, settings: Settings) -> Iterator[None]:
    """A disk of 160 kB that the server may write to, until the server has to let go of it."""
    as_administrator = administrator_prefix()
    known = lifecycle.locate(settings)
    assert known is not None
    folder.mkdir()
    options = f"size=160k,mode=0700,uid={known.cluster.stat().st_uid}"
    mount = [*(as_administrator or ()), "mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)]
    if as_administrator is None or subprocess.run(mount, check=False).returncode != 0:
        pytest.skip("a small disk to fill can only be mounted by root or with sudo")
    try:
        yield
    finally:
        lifecycle.stop(settings)
        subprocess.run([*as_administrator, "umount", str(folder)], check=True)


@pytest.mark.slow
def test_a_full_disk_ends_the_load_and_nothing_is_changed(
    own_server: Settings, write_csv: WriteCsv
) -> None:
    folder = own_server.home / "small-disk"
    with _small_disk(folder, own_server):
        load(write_csv([row(1)]))
        dsn = lifecycle.ensure_running(own_server)
        raw = Raw(dsn)
        with psycopg.connect(dsn, autocommit=True) as connection:
            connection.execute(f"create tablespace small location '{folder}'")
            connection.execute("alter table raw.footprint set tablespace small")
        with pytest.raises(DatabaseFullError, match="make room"):
            load(write_csv(many_rows()))
        assert raw.rows() == [row(1)]
        assert raw.states() == ["failed", "loaded"]
        with psycopg.connect(dsn, autocommit=True) as connection:
            connection.execute("alter table raw.footprint set tablespace pg_default")
            connection.execute("drop tablespace small")
        assert load(write_csv(many_rows())).rows_loaded == 4800
