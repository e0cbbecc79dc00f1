"""The database roles, one per job, and the schemas that each of them owns or reads."""

from enum import StrEnum


class Role(StrEnum):
    """A role of the database; each has the least rights that its job needs."""

    LOADER = "loader"
    TRANSFORMER = "transformer"
    TRAINER = "trainer"
    SCORER = "scorer"
    ANALYST = "analyst"
    SERVICE = "service"
    ORCHESTRATOR = "orchestrator"


SCHEMA_OWNERS: dict[str, Role] = {
    "raw": Role.LOADER,
    "staging": Role.TRANSFORMER,
    "intermediate": Role.TRANSFORMER,
    "marts": Role.TRANSFORMER,
    "partitions": Role.TRANSFORMER,
    "features": Role.TRANSFORMER,
    "layers": Role.TRANSFORMER,
    "dbt_test__audit": Role.TRANSFORMER,
    "ml": Role.TRAINER,
    "mlflow": Role.TRAINER,
    "scores": Role.SCORER,
    "dagster": Role.ORCHESTRATOR,
    "monitoring": Role.ORCHESTRATOR,
}
"""Who owns, and alone writes, the tables of each schema."""

SCHEMA_READERS: dict[str, tuple[Role, ...]] = {
    "raw": (Role.TRANSFORMER, Role.SCORER, Role.ORCHESTRATOR),
    "staging": (Role.ORCHESTRATOR,),
    "intermediate": (Role.ORCHESTRATOR,),
    "marts": (Role.TRAINER, Role.ANALYST, Role.SERVICE, Role.ORCHESTRATOR),
    "features": (Role.TRAINER, Role.ANALYST, Role.SERVICE, Role.ORCHESTRATOR),
    "layers": (Role.ANALYST, Role.SERVICE),
    "ml": (Role.ANALYST, Role.SERVICE, Role.ORCHESTRATOR),
    "scores": (Role.TRANSFORMER, Role.ANALYST, Role.SERVICE, Role.ORCHESTRATOR),
    "monitoring": (Role.ANALYST,),
}
"""Who may read the tables of each schema, those yet to be created included."""

LIMITS: dict[Role, dict[str, str]] = {
    Role.ANALYST: {
        "statement_timeout": "15min",
        # An open transaction holds up whoever builds the tables that it has read.
        "idle_in_transaction_session_timeout": "10min",
        "temp_file_limit": "10GB",
    },
    Role.SERVICE: {
        "statement_timeout": "30s",
        "idle_in_transaction_session_timeout": "1min",
        "temp_file_limit": "1GB",
    },
}
"""Settings with which a role's own logins begin."""

CONNECTION_LIMITS: dict[Role, int] = {Role.ANALYST: 20, Role.SERVICE: 20}
"""Most sessions of a role's own login at once; PostgreSQL allows 100 to all together."""

TEMPORARY_TABLES: tuple[Role, ...] = (Role.LOADER, Role.TRANSFORMER)
"""Who makes temporary tables."""

LOCKERS: tuple[Role, ...] = (
    Role.LOADER,
    Role.TRANSFORMER,
    Role.TRAINER,
    Role.SCORER,
    Role.ORCHESTRATOR,
)
"""Who takes advisory locks: runs wait for one another by them, so readers may not."""
