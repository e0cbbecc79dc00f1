"""Errors of loading that end a load; a row that cannot be loaded is no error but is rejected."""

from warehouse.connection.errors import UserError


class LoaderError(UserError):
    """Base of everything that ends a load with nothing changed."""


class SourceMissingError(LoaderError):
    """There is nothing at the path, or nothing in it that could be loaded."""


class SourceFormError(LoaderError):
    """The source is there but is no CSV, archive or folder of SpaceNet 7's form."""


class SourceDamagedError(LoaderError):
    """The source ends early, cannot be decompressed or cannot be read."""


class UnsafeArchiveError(LoaderError):
    """An archive holds a member that would leave its folder, or a link."""


class SourceRefusedError(LoaderError):
    """The source can be read, but too little of what it says can be loaded."""


class NothingLoadedError(SourceRefusedError):
    """None of its rows can be loaded."""


class TooManyRejectedError(SourceRefusedError):
    """More of its rows than the limit allows cannot be loaded."""


class MixedDataError(LoaderError):
    """Generated data would come to lie beside the user's own."""


class UnknownSourceError(LoaderError):
    """No source has this name."""


class TrackerNameError(LoaderError):
    """A tracker cannot have this name."""


class UnknownTrackerError(LoaderError):
    """No tracker has this name."""


class SourceChangedError(LoaderError):
    """The source changed while it was read."""


class RawTablesError(LoaderError):
    """The tables of schema raw cannot be made what this version expects."""


class DatabaseLostError(LoaderError):
    """The connection to the database broke during a load, or the server refused to go on."""


class DatabaseFullError(LoaderError):
    """The server has no room for the data."""


class MemoryLimitError(LoaderError):
    """There is not enough memory for a load."""


class FetchError(LoaderError):
    """The public archive could not be fetched whole."""
