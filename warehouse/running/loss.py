"""Telling an error that a lost database made from a bug."""

from collections.abc import Iterator
from typing import Final

from warehouse.connection.errors import ConnectionLostError, UserError

LOST: Final = (
    "the connection to the database broke ({reason}); run the same command again once the "
    "database answers"
)
NO_ROOM: Final = (
    "the database server has no room left ({reason}); make room and run the same command again"
)

_DRIVERS: Final = ("psycopg", "psycopg2")
_KINDS: Final = ("OperationalError", "InterfaceError")


def as_loss(error: BaseException) -> UserError | None:
    """Return the sentence for an error that a lost or full database made, however wrapped.

    Args:
        error: What a command ended in: of psycopg, or of a library around it or psycopg2.

    Returns:
        The error to show; None where the cause is another one, such as a bug.
    """
    for one in _chain(error):
        if not _is_operational(one):
            continue
        reason = (str(one).strip().splitlines() or [type(one).__name__])[0]
        state = getattr(one, "sqlstate", None) or getattr(one, "pgcode", None) or ""
        # Class 08: connection exceptions; 57P: shutdown; 53: insufficient resources. See the
        # PostgreSQL manual, appendix A. Without a code the client itself found the end.
        if not state or state.startswith(("08", "57P")):
            return ConnectionLostError(LOST.format(reason=reason))
        if state.startswith("53"):
            return ConnectionLostError(NO_ROOM.format(reason=reason))
    return None


def _is_operational(error: BaseException) -> bool:
    return any(
        kind.__name__ in _KINDS and kind.__module__.partition(".")[0] in _DRIVERS
        for kind in type(error).__mro__
    )


def _chain(error: BaseException) -> Iterator[BaseException]:
    seen: set[int] = set()
    waiting: list[BaseException | None] = [error]
    while waiting:
        one = waiting.pop()
        if one is None or id(one) in seen:
            continue
        seen.add(id(one))
        yield one
        original = getattr(one, "orig", None)  # SQLAlchemy's name for the driver's error
        waiting += [one.__context__, one.__cause__]
        waiting += [original] if isinstance(original, BaseException) else []
