"""libpq's variables of the caller lead to no other server than the private one."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fixtures.databases import private_home
from warehouse.connection.settings import PROJECT_ROOT

FOREIGN = {
    "PGHOST": "/nowhere",
    "PGHOSTADDR": "127.0.0.1",
    "PGPORT": "1",
    "PGUSER": "nobody",
    "PGDATABASE": "theirs",
    "PGPASSWORD": "theirs",
    "PGSERVICE": "theirs",
    "PGSERVICEFILE": "/nowhere",
    "PGTARGETSESSIONATTRS": "read-only",
    "PGSSLMODE": "verify-full",
    "PGREQUIREAUTH": "scram-sha-256",
    "PGOPTIONS": "-cdefault_transaction_read_only=on -cstatement_timeout=1",
    "PGCLIENTENCODING": "LATIN1",
    "PGDATESTYLE": "German",
    "PGTZ": "Asia/Tokyo",
    "PGCONNECT_TIMEOUT": "1",
    "PGAPPNAME": "theirs",
}
QUERY = (
    "select current_user || ' ' || current_database() || ' ' || date '2019-12-31' || ' ' ||"
    " current_setting('client_encoding') || ' ' || current_setting('transaction_read_only')"
)
EXPECTED = "analyst sn7 2019-12-31 UTF8 off"


@pytest.fixture(scope="module")
def home() -> Iterator[Path]:
    with private_home() as folder:
        assert _run("init", {}).returncode == 0
        yield folder


def _run(command: str, variables: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["bash", "-c", f"{sys.executable} -m warehouse {command}"],
        capture_output=True, text=True, check=False, cwd=PROJECT_ROOT, timeout=60,
        env={**os.environ, **variables},
    )  # fmt: skip


@pytest.mark.parametrize("name", sorted(FOREIGN))
def test_a_variable_of_the_callers_leads_nowhere_else(home: Path, name: str) -> None:
    variables = {name: FOREIGN[name]}
    answer = _run(f'psql --role analyst -- -XAtc "{QUERY}"', variables)
    assert (answer.stdout.strip(), answer.stderr, answer.returncode) == (EXPECTED, "", 0)


def test_all_of_them_together_lead_nowhere_else(home: Path) -> None:
    for command in ("status", "dsn", "init"):
        assert _run(command, FOREIGN).returncode == 0
    answer = _run("exec --role analyst -- env", FOREIGN)
    passed = dict(line.split("=", 1) for line in answer.stdout.splitlines() if "=" in line)
    ours = {name: value for name, value in passed.items() if name.startswith("PG")}
    assert set(ours) == {
        "PGHOST", "PGPORT", "PGDATABASE", "PGUSER", "PGOPTIONS", "PGCLIENTENCODING",
    }  # fmt: skip
    assert not set(ours.values()) & set(FOREIGN.values()) - {"UTF8"}


def test_exported_into_a_shell_they_replace_the_callers(home: Path) -> None:
    there = f'eval "$({sys.executable} -m warehouse env --role analyst)"; psql -XAtc "{QUERY}"'
    answer = subprocess.run(
        ["bash", "-c", there], capture_output=True, text=True, check=False, cwd=PROJECT_ROOT,
        env={**os.environ, **FOREIGN},
    )  # fmt: skip
    assert (answer.stdout.strip(), answer.stderr) == (EXPECTED, "")


@pytest.mark.parametrize("command", ["dsn", "env", "psql -- -XAtc 'select 1'", "install"])
def test_what_a_program_reads_is_alone_on_standard_output(home: Path, command: str) -> None:
    assert _run("stop", {}).returncode == 0
    lines = _run(command, {}).stdout.splitlines()
    if command == "dsn":
        assert [line.split("=")[0] for line in lines] == ["host"]
    elif command == "env":
        assert {line.split()[0] for line in lines} == {"export"}
    else:
        assert lines == (["1"] if command.startswith("psql") else [])
