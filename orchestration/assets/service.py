"""The packaged service."""

import dagster as dg

from orchestration.owners import SERVICE
from serving.bento.packaging import build_bento


@dg.asset(
    key=["serving", "bento"],
    deps=[["ml", "trained_model"], ["ml", "chip_forecast"]],
    group_name="serving",
    owners=[SERVICE],
    required_resource_keys={"run_lock"},
    kinds={"bentoml"},
)
def bento() -> dg.MaterializeResult:  # type: ignore[type-arg]  # Dagster takes it bare only
    """Service and champion in one package, ready for ``make serve``."""
    tag = build_bento()
    if tag is None:
        reason = "no model has become champion yet, so there is nothing to package"
        return dg.MaterializeResult(metadata={"built": False, "reason": reason})
    return dg.MaterializeResult(metadata={"built": True, "tag": tag})
