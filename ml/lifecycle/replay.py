"""A run's model made again from what the run kept, and held against it byte by byte."""

import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from pydantic import ValidationError

from ml.data.cell_sample import CellSample
from ml.data.snapshot import read_examples_file
from ml.errors import ReplayError
from ml.lifecycle.code import code_at_hand
from ml.lifecycle.logged_model import bundle_folder
from ml.lifecycle.record import EXAMPLES_FILE, PARAMS_FILE
from ml.lifecycle.registry import CELLS
from ml.lifecycle.tracking import artifact_folder, mlflow_client
from ml.model.cell_model import CellModel
from ml.model.chip_model import ForecastModel
from ml.training.cell_fitting import fit_sample
from ml.training.cell_params import CellParams
from ml.training.fitting import fit
from ml.training.params import Params
from ml.training.tunables import Tunables

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import LoggedModel, Run

_COMMIT: Final = "mlflow.source.git.commit"


@dataclass(frozen=True, slots=True)
class Replay:
    """A model made again.

    Attributes:
        folder: Where the new bundle lies.
        files: Names of its files, all of them equal to the run's.
        name: The run's name.
    """

    folder: Path
    files: tuple[str, ...]
    name: str


def replay(run_id: str, folder: Path) -> Replay:
    """Train again on the examples and tunables that a run kept; the tables are not read.

    Args:
        run_id: An MLflow run of this project.
        folder: Where the bundle is written; an older one there is replaced.

    Raises:
        ReplayError: The run is not there, kept nothing, or the files came out otherwise.
        SnapshotError: Its examples cannot be read.
        BundleError: Its model cannot be read.
    """
    client = mlflow_client()
    run = _run(client, run_id)
    kept = artifact_folder(client, run_id)
    logged = _logged(client, run)
    original = bundle_folder(str(logged.artifact_location))
    model = _cells_again(kept) if logged.name == CELLS.name else _chips_again(kept, original)
    shutil.rmtree(folder, ignore_errors=True)
    model.save(folder)
    files = tuple(sorted(path.name for path in original.iterdir()))
    differing = [name for name in files if not _equal(original / name, folder / name)]
    if differing:
        raise ReplayError(
            f"{', '.join(differing)} of {folder} differ from those of the run; {_reason(run)}"
        )
    return Replay(folder, files, str(run.info.run_name))


def _run(client: "MlflowClient", run_id: str) -> "Run":
    from mlflow.exceptions import MlflowException  # noqa: PLC0415 - see ml.lifecycle.tracking

    try:
        return client.get_run(run_id)
    except MlflowException as error:
        raise ReplayError(
            f"there is no run {run_id}; `make mlflow` lists the runs with their ids"
        ) from error


def _logged(client: "MlflowClient", run: "Run") -> "LoggedModel":
    outputs = run.outputs.model_outputs if run.outputs else []
    if not outputs:
        raise ReplayError(f"run {run.info.run_id} logged no model to hold a new one against")
    return client.get_logged_model(outputs[0].model_id)


def _chips_again(kept: Path, original: Path) -> ForecastModel:
    # The backtest chose the plain forecasts that the model names; they have no part in the fit.
    best = ForecastModel.load(original).manifest.best_baselines
    examples = read_examples_file(kept / EXAMPLES_FILE)
    return fit(examples, _params(kept / PARAMS_FILE, Params), best_baselines=best)


def _cells_again(kept: Path) -> CellModel:
    sample = CellSample.read(kept / EXAMPLES_FILE)
    return fit_sample(sample, _params(kept / PARAMS_FILE, CellParams))


def _params(path: Path, kind: type[Tunables]) -> Tunables:
    try:
        return kind.model_validate(json.loads(path.read_text("utf-8")))
    except OSError as error:
        raise ReplayError(f"the run's tunables {path} cannot be read: {error.strerror}") from error
    except (ValidationError, ValueError) as error:
        raise ReplayError(
            f"the tunables of the run are not those that this code knows ({path}); "
            "check out the run's commit"
        ) from error


def _equal(one: Path, other: Path) -> bool:
    return other.is_file() and one.read_bytes() == other.read_bytes()


def _reason(run: "Run") -> str:
    """Say what is different from then, as far as the run knows."""
    code, tags = code_at_hand(), run.data.tags
    found = []
    if tags.get(_COMMIT) != code.commit:
        found.append(f"the run was of commit {tags.get(_COMMIT, 'unknown')}, this is {code.commit}")
    if tags.get("code_changed_since_commit") == "true" or code.changed:
        found.append("the code was changed beside a commit, then or now")
    if tags.get("libraries") != code.libraries:
        found.append(f"then {tags.get('libraries', 'unknown')}, now {code.libraries}")
    return "; ".join(found) or "code and libraries are the same, so this is a bug: report it"
