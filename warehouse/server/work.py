"""What is at work in a private server, so that nobody stops it under a run by mistake."""

import psycopg

from warehouse.connection.errors import AtWorkError
from warehouse.connection.sessions import named, sessions_at_work
from warehouse.server.private_server import PrivateServer


def refuse_while_at_work(server: PrivateServer) -> None:
    """Refuse to go on while a run, a load, a statement or a transaction is on.

    Raises:
        AtWorkError: Something is; the message names it.
    """
    try:
        with psycopg.connect(server.conninfo(), connect_timeout=3) as connection:
            at_work = sessions_at_work(connection)
    except psycopg.OperationalError:
        return  # still starting, or too broken to ask
    if at_work:
        raise AtWorkError(
            f"the database is at work: {named(at_work)}; wait until that has ended, or add --force "
            "to stop the server all the same"
        )
