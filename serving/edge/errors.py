"""Errors of the service; each tells the HTTP status that it ends in."""

from http import HTTPStatus
from typing import ClassVar

from warehouse.connection.errors import UserError


class ServingError(UserError):
    """Base of the errors of the service."""

    status: ClassVar[HTTPStatus] = HTTPStatus.INTERNAL_SERVER_ERROR


class NotFoundError(ServingError):
    """The warehouse has no such chip, AOI or cell, or has not seen it in that month."""

    status = HTTPStatus.NOT_FOUND


class BadFeaturesError(ServingError):
    """Features in a request are not such as the model was trained on."""

    status = HTTPStatus.UNPROCESSABLE_ENTITY


class WrongTypeError(ServingError):
    """The body of a request is said to be something else than JSON."""

    status = HTTPStatus.UNSUPPORTED_MEDIA_TYPE


class BodyTooLargeError(ServingError):
    """The body of a request is larger than the service reads."""

    status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE


class SlowBodyError(ServingError):
    """The body of a request did not arrive in time."""

    status = HTTPStatus.REQUEST_TIMEOUT


class DatabaseGoneError(ServingError):
    """The warehouse cannot be asked now."""

    status = HTTPStatus.SERVICE_UNAVAILABLE


class EndingError(ServingError):
    """The process answers what it has and takes no more."""

    status = HTTPStatus.SERVICE_UNAVAILABLE
