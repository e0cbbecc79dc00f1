"""A run's model as MLflow logs one: MLmodel, signature, input example, code, and the bundle.

The bundle is what the service ships; MLflow's files stand around it, so that anyone with MLflow can
load the model by its name and alias and forecast from a DataFrame.
"""

import shutil
import tempfile
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import unquote, urlsplit

from ml.cell_pyfunc import CellPyfuncModel
from ml.lifecycle.tracking import remarks_left_out
from ml.model.cell_model import CellModel
from ml.model.chip_model import ForecastModel
from ml.model.matrix import FeatureMatrix
from ml.pyfunc import PyfuncModel
from warehouse.connection.settings import PROJECT_ROOT

if TYPE_CHECKING:
    import pandas as pd
    from mlflow import MlflowClient
    from mlflow.models import ModelSignature

BUNDLE: Final = "bundle"
"""Name of the folder that holds the model's own files, below MLflow's ``data``."""

CODE: Final = ("ml/model", "warehouse/connection")
"""Folders that the model needs to be loaded without the project."""

LOADERS: Final = ("ml/pyfunc.py", "ml/cell_pyfunc.py")
"""The modules that MLflow asks to load a model."""

Model = ForecastModel | CellModel

REQUIREMENTS: Final = ("lightgbm", "numpy", "pandas", "psycopg", "pydantic", "pydantic-settings")


def log_model(
    client: "MlflowClient",
    run_id: str,
    model: Model,
    example: FeatureMatrix,
    *,
    line: str,
    params: dict[str, str],
) -> tuple[str, str]:
    """Log the model as an output of the run and return its id and where it lies (a URI).

    Args:
        client: MLflow.
        run_id: The run.
        model: What to log.
        example: A few rows of features.
        line: The logged model's name, that of its line.
        params: The run's tunables, so that models can be compared by them.
    """
    from mlflow.entities import LoggedModelOutput  # noqa: PLC0415 - see ml.lifecycle.tracking

    experiment = client.get_run(run_id).info.experiment_id
    logged = client.create_logged_model(
        experiment, name=line, source_run_id=run_id, params=params, model_type=_KINDS[type(model)]
    )
    with tempfile.TemporaryDirectory() as folder:
        saved = Path(folder) / "saved"
        save_model(saved, model, example, run_id=run_id, model_id=logged.model_id)
        client.log_model_artifacts(logged.model_id, str(saved))
    client.finalize_logged_model(logged.model_id, "READY")
    client.log_outputs(run_id, models=[LoggedModelOutput(logged.model_id, step=0)])
    return str(logged.model_id), str(logged.artifact_location)


def save_model(
    folder: Path,
    model: Model,
    example: FeatureMatrix,
    *,
    run_id: str | None = None,
    model_id: str | None = None,
) -> None:
    """Write MLflow's form of the model into ``folder``, which must not be there yet."""
    shown = _frame(example)
    with tempfile.TemporaryDirectory() as workshop, remarks_left_out():
        import mlflow.pyfunc  # noqa: PLC0415 - see ml.lifecycle.tracking
        from mlflow.models import Model  # noqa: PLC0415

        bundle = Path(workshop) / BUNDLE
        model.save(bundle)
        mlflow.pyfunc.save_model(
            str(folder),
            loader_module=type(_wrapped(model)).__module__,
            data_path=str(bundle),
            code_paths=_code(Path(workshop)),
            mlflow_model=Model(run_id=run_id, model_id=model_id),
            signature=_signature(model, shown),
            input_example=shown,
            pip_requirements=[f"{name}=={version(name)}" for name in REQUIREMENTS],
        )


def bundle_folder(uri: str) -> Path:
    """Return where the bundle of a logged model lies.

    Args:
        uri: Of the model's folder (``file://``); models of before MLflow's form are bundles
            themselves.
    """
    folder = Path(unquote(urlsplit(uri).path))
    bundle = folder / "data" / BUNDLE
    return bundle if bundle.is_dir() else folder


def _signature(model: Model, example: "pd.DataFrame") -> "ModelSignature":
    """Return the columns of input and output.

    Inputs are of any type of number: MLflow would else refuse whole numbers for a column that may
    hold nulls. What they hold is checked by the model.
    """
    from mlflow.models import ModelSignature, infer_signature  # noqa: PLC0415
    from mlflow.types.schema import AnyType, ColSpec, Schema  # noqa: PLC0415

    outputs = infer_signature(model_output=_wrapped(model).predict(example)).outputs
    any_number: Any = AnyType  # untyped in MLflow
    columns: list[Any] = [ColSpec(any_number(), name) for name in model.manifest.features]
    return ModelSignature(inputs=Schema(columns), outputs=outputs)


def _wrapped(model: Model) -> PyfuncModel | CellPyfuncModel:
    return PyfuncModel(model) if isinstance(model, ForecastModel) else CellPyfuncModel(model)


_KINDS: Final = {ForecastModel: "quantile forecast", CellModel: "probability forecast"}


def _frame(features: FeatureMatrix) -> "pd.DataFrame":
    import pandas as pd  # noqa: PLC0415 - takes a while, and only training needs it

    return pd.DataFrame(features.values, columns=list(features.names))


def _code(workshop: Path) -> list[str]:
    """Copy what loading needs into folders that carry the packages' names."""
    for folder in map(Path, CODE):
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(PROJECT_ROOT / folder, workshop / folder, ignore=ignored)
        package = Path(folder.parts[0]) / "__init__.py"
        shutil.copyfile(PROJECT_ROOT / package, workshop / package)
    for loader in LOADERS:
        shutil.copyfile(PROJECT_ROOT / loader, workshop / loader)
    return sorted({str(workshop / Path(folder).parts[0]) for folder in CODE})
