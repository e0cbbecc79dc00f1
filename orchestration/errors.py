"""Errors of the orchestration that a user can act on."""

from warehouse.connection.errors import UserError


class OrchestrationError(UserError):
    """Base of this folder's errors."""


class DbtProjectError(OrchestrationError):
    """dbt cannot read the project: a file of ``dbt_project/`` is wrong."""


class DbtBuildError(OrchestrationError):
    """A dbt model could not be built, or a dbt test found rows that break its rule."""


class InboxError(OrchestrationError):
    """The inbox is not there or cannot be read."""


class UnknownMonthError(OrchestrationError):
    """The warehouse has not built the month."""


class SimulationError(OrchestrationError):
    """The simulated year cannot go on."""
