"""What can go wrong while a tracker is scored, one class per cause."""

from warehouse.connection.errors import UserError


class ScoringError(UserError):
    """Base of every error of scoring."""


class OptionsError(ScoringError):
    """A threshold, beta or least area is out of range."""


class NoTruthError(ScoringError):
    """There is no truth to score against."""


class RepeatedRowError(ScoringError):
    """A building stands twice in one month of a chip."""


class UnknownTrackerError(ScoringError):
    """The warehouse has no predictions of this tracker."""


class TestNameError(ScoringError):
    """A chip or month that is named as test is none."""

    __test__ = False


class TablesMissingError(ScoringError):
    """Nothing was loaded into the warehouse yet."""
