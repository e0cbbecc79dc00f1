"""Where a home's database lies: inside it, or below ``STATE_ROOT`` in a folder that names its home.

The home's marker says which; so a home that was moved finds its database again, a copy does not
take that of its original, and one that is gone is missed. Nothing here changes anything.
"""

import json
import os
from pathlib import Path
from typing import Final

from warehouse.connection.errors import ServerUnavailableError
from warehouse.connection.home import MARKER, NONE, UNKNOWN, is_home, recorded_database

STATE_ROOT: Final = Path("/var/lib/sn7-warehouse")
CLUSTER: Final = "postgres"
INSIDE: Final = "inside"
"""How the marker calls a database that lies in the home itself."""


def find_base(home: Path) -> Path | None:
    """Return the folder that holds the home's cluster; None where there is none of its own.

    Raises:
        ServerUnavailableError: This user may not look.
    """
    if not is_home(home):
        return None
    if is_there(home / CLUSTER / "PG_VERSION"):
        return home
    base = _base_outside(home)
    # Without the pointer to a home it is none of ours, whatever the home's marker says.
    if base is None or home_of(base) is None or not is_there(base / CLUSTER / "PG_VERSION"):
        return None
    return base if _owner_elsewhere(base, home) is None else None


def check_nothing_is_lost(home: Path) -> None:
    """Make sure that a home without a database of its own never had one.

    Raises:
        ServerUnavailableError: It had; the message says where it ought to lie and what to do.
    """
    cluster = home / CLUSTER
    if is_there(cluster) and any(cluster.iterdir()):
        raise ServerUnavailableError(
            f"{cluster} holds files but no PG_VERSION, so it is no database that can be started "
            "and is left alone; restore it, or move it away to begin with an empty database"
        )
    base = _base_outside(home)
    owner = _owner_elsewhere(base, home) if base else None
    if owner is not None:
        raise ServerUnavailableError(
            f"{home} is a copy of {owner}, whose database lies in {base}; set SN7_HOME to {owner}, "
            "or to a folder that is not there yet for a database of its own"
        )
    recorded = recorded_database(home)
    if recorded == UNKNOWN and base is None:
        _check_none_may_be_meant(home)
    elif recorded not in {None, UNKNOWN}:
        raise ServerUnavailableError(
            f"the database of {home} is gone from {base or cluster}; bring it back, or write "
            f"`database: {NONE}` as the last line of {home / MARKER} to begin with an empty one"
        )


def home_of(base: Path) -> str | None:
    """Return the ``SN7_HOME`` that a folder outside it belongs to; None for a home itself."""
    pointer = base / "home"
    return pointer.read_text("utf-8") if pointer.is_file() else None


def bases_made_for(home: Path) -> list[Path]:
    """Return the folders below ``STATE_ROOT`` that were made for a home at this very path."""
    return [base for base in sorted(STATE_ROOT.glob("*")) if home_of(base) == str(home)]


def is_there(path: Path) -> bool:
    """Tell whether a path exists.

    Raises:
        ServerUnavailableError: A folder on the way is closed to this user.
    """
    try:
        return path.exists()
    except PermissionError as error:
        raise ServerUnavailableError(
            f"{path.parent} belongs to another user; run this as the user who made it, or set "
            "SN7_HOME to a folder of your own"
        ) from error


def _base_outside(home: Path) -> Path | None:
    recorded = recorded_database(home)
    if recorded in {None, INSIDE}:
        return None
    if recorded != UNKNOWN:
        return STATE_ROOT / Path(str(recorded)).name
    named = _named_by_server_json(home)
    made_here = bases_made_for(home)
    return named or (made_here[0] if len(made_here) == 1 else None)


def _check_none_may_be_meant(home: Path) -> None:
    bases = sorted(STATE_ROOT.glob("*"))
    candidates = bases_made_for(home) or [base for base in bases if _has_lost_its_home(base)]
    if candidates:
        names = ", ".join(base.name for base in candidates)
        raise ServerUnavailableError(
            f"{home / MARKER} does not say which database below {STATE_ROOT} is this home's; write "
            f"`database: NAME` as its last line, where NAME is one of {names}, or {NONE} to begin "
            "with an empty one"
        )


def _has_lost_its_home(base: Path) -> bool:
    owner = home_of(base)
    return owner is not None and not os.path.isdir(owner)  # noqa: PTH112


def _named_by_server_json(home: Path) -> Path | None:
    try:
        base = Path(json.loads((home / "server.json").read_text("utf-8"))["base"])
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return base if base.parent == STATE_ROOT and home_of(base) is not None else None


def _owner_elsewhere(base: Path, home: Path) -> str | None:
    owner = home_of(base)
    if owner is None or owner == str(home) or not os.path.isdir(owner):  # noqa: PTH112
        return None
    other = Path(owner)
    same = recorded_database(other) == base.name or _named_by_server_json(other) == base
    return owner if same else None
