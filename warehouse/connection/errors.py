"""Errors that a user can act on; their message is all that a command line shows."""


class UserError(Exception):
    """Base of every error of this project that is the user's to mend.

    The message says what was found, what was expected and what to do. Command lines print it
    without a traceback (see ``warehouse.cli``). Every folder's ``errors.py`` derives from it.
    """


class SettingsError(UserError):
    """An environment variable of the project holds something it cannot hold."""


class ServerUnavailableError(UserError):
    """No PostgreSQL with PostGIS could be found, installed or started on this machine."""


class DatabaseUnreachableError(UserError):
    """The database that ``SN7_DSN`` names, or the private one, does not answer."""


class PoolerError(DatabaseUnreachableError):
    """A pooler before the database drops what a connection asks for."""


class AtWorkError(UserError):
    """The private server is not to be stopped now: a run or a transaction is on."""


class LockHeldError(UserError):
    """Another session holds a lock for longer than one is ready to wait."""


class PostgisMissingError(UserError):
    """The database is there but has no PostGIS and cannot get it."""


class BootstrapError(UserError):
    """The database's user may not create the schemas and roles that the warehouse needs."""


class PortInUseError(UserError):
    """Another process already listens on the port that a command wants."""


class CommandMissingError(UserError):
    """A program that a command hands over to (such as ``psql``) is not installed."""


class PasswordError(UserError):
    """A role's password cannot be taken, or cannot be changed by this user."""


class ConnectionLostError(UserError):
    """The database ended the connection, or its server is gone, in the middle of a command."""


class BackupError(UserError):
    """A backup cannot be written, is not whole, or would overwrite what is there."""
