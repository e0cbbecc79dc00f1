"""What a user can mend about ``sn7`` itself."""

from warehouse.connection.errors import UserError


class ExtraMissingError(UserError):
    """A command needs packages that are not installed."""
