"""A run in MLflow as its users know it: inputs, curves, names, and a model that anyone can load."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pandas as pd
import pytest

from ml.data.examples import read_chip_months
from ml.lifecycle import registry, tracking
from ml.model.chip_model import ForecastModel
from ml.model.errors import FeatureError
from ml.model.grid import HORIZONS, QUANTILE_NAMES, Target
from ml.pyfunc import PyfuncModel
from tests.fixtures.trained import Trained
from warehouse.access import connect
from warehouse.connection.roles import Role

CHAMPION = f"models:/{registry.CHIPS.name}@{registry.CHAMPION}"


@pytest.fixture
def mlflow(in_trained: Trained) -> Iterator[ModuleType]:
    """MLflow on the trained database; afterwards on what it was."""
    module = tracking.open_mlflow()
    yield module
    module.set_tracking_uri(None)
    module.set_registry_uri(None)


@pytest.fixture
def champion(in_trained: Trained) -> registry.Registered[ForecastModel]:
    found = registry.champion()
    assert found is not None
    return found


@pytest.fixture
def features(in_trained: Trained, champion: registry.Registered[ForecastModel]) -> pd.DataFrame:
    """The last month of every chip, whole numbers as such, with a column too many."""
    with connect(role=Role.TRAINER) as connection:
        latest = read_chip_months(connection, champion.model.manifest.features).latest()
    frame = pd.DataFrame(latest.features.values, columns=list(latest.features.names))
    return frame.assign(known_count=frame["known_count"].astype("int64"), note="aside")


def test_the_champion_is_loaded_by_its_alias_and_forecasts_from_a_frame(
    mlflow: ModuleType, champion: registry.Registered[ForecastModel], features: pd.DataFrame
) -> None:
    answer = mlflow.pyfunc.load_model(CHAMPION).predict(features)
    assert answer.columns.tolist() == ["target", "row", "horizon", *QUANTILE_NAMES, "baseline"]
    assert answer["horizon"].tolist() == list(HORIZONS) * len(features) * len(Target)
    expected = PyfuncModel(champion.model).predict(features)
    pd.testing.assert_frame_equal(answer, expected, check_exact=True)
    assert (answer["q10"] <= answer["q50"]).all()
    assert answer["q90"].nunique() > 10


def test_a_frame_without_a_feature_is_refused(champion: registry.Registered[ForecastModel]) -> None:
    with pytest.raises(FeatureError, match="needs the columns known_count"):
        PyfuncModel(champion.model).predict(
            pd.DataFrame({name: [1.0] for name in champion.model.manifest.features[1:]})
        )


def test_a_frame_of_words_is_refused(champion: registry.Registered[ForecastModel]) -> None:
    with pytest.raises(FeatureError, match="must be numbers"):
        PyfuncModel(champion.model).predict(
            pd.DataFrame({name: ["many"] for name in champion.model.manifest.features})
        )


def test_the_logged_model_needs_no_checkout(in_trained: Trained, tmp_path: Path) -> None:
    """Its own code comes with it: loaded where the project is not."""
    client = tracking.mlflow_client()
    version = client.get_model_version_by_alias(registry.CHIPS.name, registry.CHAMPION)
    program = (
        "import sys, warnings; warnings.simplefilter('ignore'); import mlflow.pyfunc\n"
        "model = mlflow.pyfunc.load_model(sys.argv[1])\n"
        "print(len(model.predict(model.input_example)))\n"
        "import ml; print(ml.__file__)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(version.source)],
        cwd=tmp_path, env=os.environ | {"MLFLOW_TRACKING_URI": f"sqlite:///{tmp_path}/none.db"},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    rows, code = done.stdout.split()
    assert int(rows) == 5 * len(HORIZONS) * len(Target)
    assert Path(code).is_relative_to(in_trained.home)


def test_signature_and_example_are_kept_with_the_model(mlflow: ModuleType) -> None:
    client = tracking.mlflow_client()
    version = client.get_model_version_by_alias(registry.CHIPS.name, registry.CHAMPION)
    model = mlflow.pyfunc.load_model(version.source)
    names = registry.CHIPS.read(version).model.manifest.features
    assert tuple(model.metadata.get_input_schema().input_names()) == names
    assert model.metadata.get_output_schema().input_names()[0] == "target"
    assert tuple(model.input_example.columns) == names
    with pytest.raises(mlflow.exceptions.MlflowException, match="missing inputs"):
        model.predict(model.input_example.drop(columns="known_count"))


def test_the_run_says_what_it_is_and_what_it_learned_from(in_trained: Trained) -> None:
    client = tracking.mlflow_client()
    run = client.get_run(str(in_trained.report.run_id))
    assert run.info.status == "FINISHED"
    assert run.info.run_name == in_trained.report.run_name
    assert str(run.info.run_name).startswith("unknown, 60 chips to 2020-01, ")
    assert len(run.data.tags["mlflow.source.git.commit"]) == 40
    assert run.data.tags["verdict"] == in_trained.report.reason
    assert "| rolling_origin | building_count | 12 |" in run.data.tags["mlflow.note.content"]
    assert run.data.params["boosting.num_leaves"] == "5"
    assert run.inputs is not None
    [dataset] = run.inputs.dataset_inputs
    assert dataset.dataset.name == "chip examples, unknown"
    assert {tag.value for tag in dataset.tags} == {"training"}
    assert '"net_change"' in str(dataset.dataset.schema)
    experiment = client.get_experiment(run.info.experiment_id)
    assert experiment.tags["mlflow.experimentKind"] == "custom_model_development"


def test_scores_are_curves_over_the_horizon(in_trained: Trained) -> None:
    client = tracking.mlflow_client()
    run_id = str(in_trained.report.run_id)
    for row in in_trained.report.metrics:
        if row.forecaster == "model":
            key = f"{row.protocol}/building_count/pinball"
            points = {point.step: point.value for point in client.get_metric_history(run_id, key)}
            assert tuple(sorted(points)) == HORIZONS
            assert points[row.horizon] == pytest.approx(row.score.pinball)
    assert len(client.get_run(run_id).data.metrics) == 2 * 2 * 5 + 2 * 2


def test_plots_card_examples_and_backtest_are_artefacts(in_trained: Trained) -> None:
    kept = tracking.artifact_folder(tracking.mlflow_client(), str(in_trained.report.run_id))
    assert kept.is_relative_to(in_trained.home)
    pictures = {path.stem for path in kept.glob("card/*.png")}
    assert pictures == {
        "skill_by_horizon", "coverage", "reliability", "error_by_chip", "fan_charts",
        "feature_importance",
    }  # fmt: skip
    files = ("card/model_card.md", "data/examples.parquet", "backtest/forecasts.parquet")
    assert [name for name in files if not (kept / name).is_file()] == []
    assert in_trained.report.card == kept / "card/model_card.html"


def test_the_card_shows_tables_and_holds_its_pictures(in_trained: Trained) -> None:
    assert in_trained.report.card is not None
    page = in_trained.report.card.read_text("utf-8")
    assert page.count("data:image/png;base64,") == 6
    assert "<td>rolling origin</td>" in page
    text = in_trained.report.summary
    assert "No load tells where these data come from" in text
    assert "| aoi-501 | building count |" in text
    assert "![" not in text
    assert f"`python -m ml replay {in_trained.report.run_id}`" in text
