"""Errors of the orchestration that a user can act on."""

from warehouse.errors import WarehouseError


class OrchestrationError(WarehouseError):
    """Base of this folder's errors."""


class DbtProjectError(OrchestrationError):
    """dbt cannot read the project: a file of ``dbt_project/`` is wrong."""


class DbtBuildError(OrchestrationError):
    """A dbt model could not be built, or a dbt test found rows that break its rule."""
