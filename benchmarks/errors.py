"""What can keep a benchmark from ending."""

from warehouse.connection.errors import UserError


class BenchmarkError(UserError):
    """Base of the benchmark's errors."""


class StepFailedError(BenchmarkError):
    """A measured program ended with an error, so that its time means nothing."""


class WrongRowsError(BenchmarkError):
    """A loader brought another number of rows than the file has."""


class ResultsError(BenchmarkError):
    """There is no file of results, or it has another form."""
