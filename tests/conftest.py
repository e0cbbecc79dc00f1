"""A real PostGIS for every test: one server per session, a fresh database per test."""

import contextlib
import os
import secrets
import shutil
import socket
import tempfile
from collections.abc import Callable, Generator, Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import make_conninfo

from warehouse.connection.settings import PROJECT_ROOT, Settings
from warehouse.server import lifecycle
from warehouse.setup.bootstrap import bootstrap

REAL_DATA = PROJECT_ROOT.parent / "shared" / "data" / "sn7"
TEST_HOME = PROJECT_ROOT / ".warehouse-test"


def pytest_report_header() -> str:
    """Say which server the tests use."""
    return f"database server: {os.environ.get('SN7_DSN') or f'private, in {TEST_HOME}'}"


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Stop the private server once all workers are done and no other session uses it."""
    settings = Settings(home=TEST_HOME)
    known = None if hasattr(session.config, "workerinput") else lifecycle.locate(settings)
    if known is None or not known.answers():
        return
    with psycopg.connect(known.conninfo("postgres")) as connection:
        others = connection.execute("select 1 from pg_database where datname like 'sn7_test%'")
        in_use = others.fetchone() is not None
    if not in_use:
        lifecycle.stop(settings)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """In CI a test that cannot run fails; only the real labels may be out of reach."""
    report = yield
    is_ci = os.environ.get("CI", "").lower() in {"1", "true"}
    if is_ci and report.skipped and item.get_closest_marker("real_data") is None:
        report.outcome = "failed"
        report.longrepr = f"skipped in CI, where every test must run: {report.longrepr}"
    return report


@pytest.fixture(scope="session")
def server_dsn() -> str:
    """Connection string of the server on which the tests make their databases."""
    given = os.environ.get("SN7_DSN")
    return given or _throwaway_server()


def _throwaway_server() -> str:
    """The private server of the tests; its data may be lost, so it does not wait for the disk."""
    conninfo = lifecycle.ensure_running(Settings(home=TEST_HOME))
    with psycopg.connect(conninfo, autocommit=True) as connection:
        if connection.execute("show fsync").fetchone() == ("on",):
            connection.execute("alter system set fsync = off")
            connection.execute("alter system set full_page_writes = off")
            connection.execute("select pg_reload_conf()")
    return conninfo


def free_port() -> int:
    """A port of 127.0.0.1 that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def private_home() -> Iterator[Path]:
    """Make ``SN7_HOME`` a folder of the test's own; a server that it starts there ends with it.

    Other users may enter the folder, so that root's server lies inside it.
    """
    home = Path(tempfile.mkdtemp(prefix="sn7-home-"))
    home.chmod(0o755)
    with pytest.MonkeyPatch.context() as environment:
        environment.delenv("SN7_DSN", raising=False)
        environment.setenv("SN7_HOME", str(home))
        try:
            yield home
        finally:
            lifecycle.stop(Settings(home=home))
            shutil.rmtree(home)


CreateDatabase = Callable[[str | None], str]


@pytest.fixture(scope="session")
def create_database(server_dsn: str) -> Iterator[CreateDatabase]:
    """Make databases, from a template or empty; all are dropped when the session ends."""
    made: list[str] = []

    def create(template: str | None) -> str:
        name = f"sn7_test_{os.getpid()}_{secrets.token_hex(4)}"
        statement = sql.SQL("create database {}").format(sql.Identifier(name))
        if template is not None:
            statement += sql.SQL(" template {}").format(sql.Identifier(template))
        with psycopg.connect(server_dsn, autocommit=True) as connection:
            connection.execute(statement)
        made.append(name)
        return make_conninfo(server_dsn, dbname=name)

    yield create
    with psycopg.connect(server_dsn, autocommit=True) as connection:
        for name in made:
            drop = sql.SQL("drop database if exists {} with (force)")
            connection.execute(drop.format(sql.Identifier(name)))


@pytest.fixture(scope="session")
def template_database(create_database: CreateDatabase) -> str:
    """Name of a prepared database without data."""
    conninfo = create_database(None)
    with psycopg.connect(conninfo, autocommit=True) as connection:
        bootstrap(connection)
        return connection.info.dbname


@pytest.fixture
def use_database(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[[str], str]:
    """Point the project at a database and at a home of the test's own."""

    def use(conninfo: str) -> str:
        monkeypatch.setenv("SN7_DSN", conninfo)
        monkeypatch.setenv("SN7_HOME", str(tmp_path / "home"))
        return conninfo

    return use


@pytest.fixture
def empty_database(create_database: CreateDatabase, use_database: Callable[[str], str]) -> str:
    """A database in which nothing was prepared: no PostGIS, no schemas."""
    return use_database(create_database(None))


@pytest.fixture
def database(
    create_database: CreateDatabase,
    template_database: str,
    use_database: Callable[[str], str],
) -> str:
    """A fresh, prepared database; ``SN7_DSN`` and ``SN7_HOME`` point at the test's own."""
    return use_database(create_database(template_database))


@pytest.fixture(scope="session")
def real_data() -> Path:
    """Folder of the real labels; where they are not, the test is skipped (fails if told so)."""
    if REAL_DATA.is_dir():
        return REAL_DATA
    reason = f"the real SpaceNet 7 labels do not lie in {REAL_DATA}"
    pytest.skip(reason)
