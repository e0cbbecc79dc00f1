"""Errors of writing layers as files."""

from warehouse.connection.errors import UserError


class ExportError(UserError):
    """A layer cannot be exported: it does not exist, or its file cannot be written."""
