"""Errors of training and forecasting that a user can act on; those of using a model are its own."""

from ml.model.errors import MlError


class ParamsError(MlError):
    """``ml/training/params.yaml`` holds something that training cannot use."""


class FeatureTableError(MlError):
    """A feature table of the warehouse is not there or lacks a column."""


class HistoryFileError(MlError):
    """A file of histories cannot be read, or holds a line that is no month of a place."""
