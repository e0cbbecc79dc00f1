"""Errors that a user can act on; their message is all that a command line shows."""


class WarehouseError(Exception):
    """Base of every error of this project that is the user's to mend.

    The message says what was found, what was expected and what to do. Command lines print it
    without a traceback (see ``warehouse.cli``). Every folder's ``errors.py`` derives from it.
    """


class SettingsError(WarehouseError):
    """An environment variable of the project holds something it cannot hold."""


class ServerUnavailableError(WarehouseError):
    """No PostgreSQL with PostGIS could be found, installed or started on this machine."""


class DatabaseUnreachableError(WarehouseError):
    """The database that ``SN7_DSN`` names, or the private one, does not answer."""


class PostgisMissingError(WarehouseError):
    """The database is there but has no PostGIS and cannot get it."""


class BootstrapError(WarehouseError):
    """The database's user may not create the schemas and roles that the warehouse needs."""


class PortInUseError(WarehouseError):
    """Another process already listens on the port that a command wants."""


class CommandMissingError(WarehouseError):
    """A program that a command hands over to (such as ``psql``) is not installed."""


class PasswordError(WarehouseError):
    """A role's password cannot be taken, or cannot be changed by this user."""


class ExportError(WarehouseError):
    """A layer cannot be exported: it does not exist, or its file cannot be written."""
