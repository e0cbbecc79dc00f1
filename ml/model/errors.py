"""Errors of using a model."""

from warehouse.connection.errors import UserError


class MlError(UserError):
    """Base of the errors of ``ml``."""


class FeatureError(MlError):
    """A row of features does not have the columns or the values that the model was trained on."""


class BundleError(MlError):
    """A model bundle is incomplete or of another format."""
