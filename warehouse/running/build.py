"""dbt under the run lock: one build at a time, whoever starts it."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from warehouse.running.child import run_child
from warehouse.running.lock import RunSession, hold

WRITING: Final = frozenset(
    {"build", "run", "test", "seed", "snapshot", "clone", "retry", "run-operation"}
)
"""Commands of dbt that change the database; all others may go beside them."""

_CHECK_FOR_CLIENT: Final = "-cclient_connection_check_interval=1000"
"""Milliseconds after which the server ends the statement of a client that is gone."""


ANSWERING: Final = frozenset({"ls", "list", "show"})
"""Commands whose standard output is an answer, for a person or a program such as jq."""


def answers(command: Sequence[str]) -> bool:
    """Tell whether a command is dbt's and its standard output is to hold nothing but an answer."""
    return Path(command[0]).name == "dbt" and not ANSWERING.isdisjoint(command[1:])


def writes(command: Sequence[str]) -> bool:
    """Tell whether a command is dbt's and changes the database."""
    return Path(command[0]).name == "dbt" and not WRITING.isdisjoint(command[1:])


def run_build(command: Sequence[str], conninfo: str, environment: Mapping[str, str]) -> int:
    """Run dbt as the only build of the database and return its exit code.

    Args:
        command: Path of dbt, and its arguments.
        conninfo: The warehouse's database.
        environment: The whole environment of dbt.

    Raises:
        KeyboardInterrupt: Interrupted; dbt has ended.
        ConnectionLostError: The database is gone; dbt has ended.
    """
    name = next(word for word in command[1:] if word in WRITING)
    with hold(conninfo, f"dbt {name}") as session:
        return run_child(command, {**environment, **build_environment(session, environment)})


def build_environment(session: RunSession | None, environment: Mapping[str, str]) -> dict[str, str]:
    """Return what dbt needs besides the connection: for whom the lock is held, and an end.

    Args:
        session: Holds the lock; none where the caller does not.
        environment: The connection as libpq's variables.
    """
    options = f"{environment.get('PGOPTIONS', '')} {_CHECK_FOR_CLIENT}".strip()
    return {**(session.environment if session else {}), "PGOPTIONS": options}
