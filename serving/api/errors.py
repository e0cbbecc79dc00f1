"""Errors of the service; each tells the HTTP status that it ends in."""

from http import HTTPStatus
from typing import ClassVar

from warehouse.connection.errors import UserError


class ServingError(UserError):
    """Base of the errors of this folder."""

    status: ClassVar[HTTPStatus] = HTTPStatus.INTERNAL_SERVER_ERROR


class UnknownChipError(ServingError):
    """The warehouse has no such chip, or has not seen it in that month."""

    status = HTTPStatus.NOT_FOUND


class BadFeaturesError(ServingError):
    """Features in a request are not such as the model was trained on."""

    status = HTTPStatus.BAD_REQUEST


class DatabaseGoneError(ServingError):
    """The warehouse cannot be asked now."""

    status = HTTPStatus.SERVICE_UNAVAILABLE
