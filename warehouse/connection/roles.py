"""The database roles, one per job, and the schemas that each of them owns or reads."""

from enum import StrEnum


class Role(StrEnum):
    """A role of the database; each has the least rights that its job needs."""

    LOADER = "loader"
    TRANSFORMER = "transformer"
    TRAINER = "trainer"
    ANALYST = "analyst"
    SERVICE = "service"
    ORCHESTRATOR = "orchestrator"


SCHEMA_OWNERS: dict[str, Role] = {
    "raw": Role.LOADER,
    "staging": Role.TRANSFORMER,
    "intermediate": Role.TRANSFORMER,
    "marts": Role.TRANSFORMER,
    "features": Role.TRANSFORMER,
    "layers": Role.TRANSFORMER,
    "dbt_test__audit": Role.TRANSFORMER,
    "ml": Role.TRAINER,
    "mlflow": Role.TRAINER,
    "dagster": Role.ORCHESTRATOR,
    "monitoring": Role.ORCHESTRATOR,
}
"""Who owns, and alone writes, the tables of each schema."""

SCHEMA_READERS: dict[str, tuple[Role, ...]] = {
    "raw": (Role.TRANSFORMER, Role.ORCHESTRATOR),
    "staging": (Role.ORCHESTRATOR,),
    "intermediate": (Role.ORCHESTRATOR,),
    "marts": (Role.TRAINER, Role.ANALYST, Role.SERVICE, Role.ORCHESTRATOR),
    "features": (Role.TRAINER, Role.ANALYST, Role.SERVICE, Role.ORCHESTRATOR),
    "layers": (Role.ANALYST, Role.SERVICE),
    "ml": (Role.ANALYST, Role.SERVICE, Role.ORCHESTRATOR),
    "monitoring": (Role.ANALYST,),
}
"""Who may read the tables of each schema, those yet to be created included."""
