"""The packaged service."""

import dagster as dg
from serving.packaging import build_bento

from ml.tracking import champion


@dg.asset(
    key=["serving", "bento"],
    deps=[["ml", "chip_forecast"], ["ml", "trained_model"]], group_name="serving", kinds={"bentoml"}
)
def bento() -> dg.MaterializeResult:
    """Service and champion in one package, ready for ``make serve``."""
    model = champion()
    if model is None:
        reason = "no model has been registered yet, so there is nothing to serve"
        return dg.MaterializeResult(metadata={"built": False, "reason": reason})
    tag = str(build_bento(model.version))
    return dg.MaterializeResult(
        metadata={"built": True, "tag": tag, "model_version": model.version}
    )
