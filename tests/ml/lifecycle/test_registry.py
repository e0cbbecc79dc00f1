"""Champion, challenger and the way back, on a real registry."""

import pytest

from ml.data.origin import DataKind
from ml.errors import RegistryError
from ml.lifecycle import registry, tracking
from ml.lifecycle import run as training
from ml.lifecycle.forecasting import forecast_chips
from ml.lifecycle.run import train
from ml.training.params import Params
from tests.fixtures.trained import Trained
from warehouse.access import connect
from warehouse.connection.roles import Role


def shift_targets(months: int) -> None:
    """Other data: one chip's targets change."""
    with connect(role=Role.TRANSFORMER) as connection:
        connection.execute(
            "update features.chip_target set net_change = net_change + %s where chip_key = 1003",
            (months,),
        )


def current_versions() -> set[int]:
    with connect(role=Role.SERVICE) as connection:
        rows = connection.execute("select distinct model_version from ml.current_forecast")
        return {version for (version,) in rows}


def champion_version() -> int:
    found = registry.champion()
    assert found is not None
    return found.version


def test_a_rollback_restores_the_predecessor_and_training_does_not_undo_it(
    trained_database: str, params: Params
) -> None:
    forecast_chips()
    shift_targets(1)
    assert train(params=params).model_version == 2
    forecast_chips()
    assert current_versions() == {champion_version()} == {2}
    registry.promote(tracking.mlflow_client(), 2)  # as a training that makes the same model does

    assert registry.roll_back() == (2, 1)
    forecast_chips()
    assert current_versions() == {champion_version()} == {1}
    challenger = registry.by_alias(tracking.mlflow_client(), registry.CHALLENGER)
    assert challenger is not None
    assert challenger.version == 2

    again = train(params=params)
    assert (again.promoted, again.model_version) == (False, 2)
    assert again.reason.endswith("this very model was rolled back (version 2)")
    assert champion_version() == 1


def test_a_champion_that_replaced_none_cannot_be_rolled_back(in_trained: Trained) -> None:
    with pytest.raises(RegistryError, match="version 1 replaced none"):
        registry.roll_back()
    assert champion_version() == 1


def test_without_a_champion_there_is_nothing_to_roll_back(database: str) -> None:
    with pytest.raises(RegistryError, match="no champion to roll back"):
        registry.roll_back()


def test_on_the_same_data_a_slightly_other_model_does_not_take_over(
    trained_database: str, params: Params
) -> None:
    ridge = params.boosting.model_copy(update={"lambda_l2": 1.1})
    report = train(params=params.model_copy(update={"boosting": ridge}))
    assert (report.promoted, report.model_version) == (False, 2)
    assert "the champion" in report.reason
    assert report.reason.startswith("challenger: beats every plain forecast")
    assert champion_version() == 1


@pytest.mark.parametrize(("held", "promoted", "words"), [
    (DataKind.OWN, False, "it learned from generated data, the champion from your own"),
    (DataKind.UNKNOWN, True, "the champion learned from unknown data, and these are generated"),
])  # fmt: skip
def test_a_model_of_generated_data_takes_over_only_from_other_than_own(
    trained_database: str,
    params: Params,
    monkeypatch: pytest.MonkeyPatch,
    held: DataKind,
    promoted: bool,
    words: str,
) -> None:
    tracking.mlflow_client().set_model_version_tag(
        registry.MODEL_NAME, "1", registry.DATA_KIND, str(held)
    )
    monkeypatch.setattr(training, "data_kind", lambda connection: DataKind.GENERATED)
    report = train(params=params.model_copy(update={"seed": 8}))
    assert report.promoted is promoted
    assert report.reason.endswith(words)
