"""What can go wrong while synthetic data is made or judged, one class per cause."""

from warehouse.connection.errors import UserError


class SyntheticError(UserError):
    """Base of every error of the synthetic data."""


class ForeignFolderError(SyntheticError):
    """The folder to write to holds files that the generator did not write."""


class SizeError(SyntheticError):
    """The size asked for cannot be made, or is not one that the generator knows."""


class SyntheticDataError(SyntheticError):
    """A folder that should hold synthetic data lacks a part of it."""
