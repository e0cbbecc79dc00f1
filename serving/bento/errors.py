"""Errors of packaging."""

from warehouse.connection.errors import UserError


class NoBentoError(UserError):
    """Nothing has been packaged yet."""


class PackagingError(UserError):
    """BentoML could not build the package."""
