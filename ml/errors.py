"""Errors of training and forecasting that a user can act on."""

from warehouse.errors import WarehouseError


class MlError(WarehouseError):
    """Base of the errors of this folder."""


class ParamsError(MlError):
    """``ml/params.yaml`` holds something that training cannot use."""


class FeatureError(MlError):
    """A row of features does not have the columns or the values that the model was trained on."""


class FeatureTableError(MlError):
    """A feature table of the warehouse is not there or lacks a column."""


class BundleError(MlError):
    """A model bundle is incomplete or of another format."""


class NoChampionError(MlError):
    """No model has been registered yet."""
