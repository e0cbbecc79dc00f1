"""libpq's environment variables: what they are, and how to keep the caller's out.

See "Environment Variables" in the PostgreSQL manual, chapter libpq.
"""

import functools
import os
from typing import Final

import psycopg

_NOT_PARAMETERS: Final = (
    "PGSERVICE",
    "PGSERVICEFILE",
    "PGSYSCONFDIR",
    "PGREQUIRESSL",
    "PGREALM",
    "PGDATESTYLE",
    "PGTZ",
    "PGGEQO",
    "PGLOCALEDIR",
)
"""Variables that libpq reads and that belong to no keyword of a connection string."""


def variables_of_keywords() -> dict[str, str]:
    """Return libpq's variable for each keyword of a connection string that has one."""
    return {
        option.keyword.decode(): option.envvar.decode()
        for option in psycopg.pq.Conninfo.get_defaults()
        if option.envvar is not None
    }


@functools.cache
def shut_out_caller() -> tuple[str, ...]:
    """Take libpq's variables out of this process's environment, once, and return their names.

    The private server is reached by what the project knows of it. ``PGHOSTADDR``, ``PGSERVICE``
    or ``PGTARGETSESSIONATTRS``, set for another database, would lead elsewhere or nowhere.
    """
    names = {*variables_of_keywords().values(), *_NOT_PARAMETERS}
    present = tuple(sorted(names & os.environ.keys()))
    for name in present:
        del os.environ[name]
    return present
