"""Champion, challenger and the way back, on a real registry."""

import polars as pl
import pytest

from ml.data.origin import DataKind
from ml.data.places import read_places
from ml.errors import RegistryError
from ml.judging.verdict import Verdict
from ml.lifecycle import registry, tracking
from ml.lifecycle.decision import FORECASTS_FILE, Candidate, Outcome, outcome
from ml.lifecycle.forecasting import forecast_chips
from ml.lifecycle.run import train
from ml.training.params import Params, load_params
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


def candidate(
    *,
    factor: float = 1.0,
    digest: str = "another",
    data_digest: str | None = None,
    kind: DataKind = DataKind.UNKNOWN,
    beats: bool = True,
) -> Candidate:
    """A model whose losses are ``factor`` times the champion's; on its data unless told."""
    champion = registry.champion()
    assert champion is not None
    kept = tracking.artifact_folder(tracking.mlflow_client(), champion.run_id) / FORECASTS_FILE
    return Candidate(
        digest=digest,
        data_digest=data_digest or champion.tags[registry.DATA_DIGEST],
        kind=kind,
        forecasts=pl.read_parquet(kept).with_columns(pl.col("pinball") * factor),
        loss="pinball",
        verdict=Verdict(beats=beats, sentence="beats all" if beats else "does not beat all"),
    )


def decided(one: Candidate) -> Outcome:
    with connect(role=Role.TRAINER) as connection:
        places = read_places(connection)
    return outcome(tracking.mlflow_client(), registry.CHIPS, one, places, load_params().gate)


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
    registry.CHIPS.promote(
        tracking.mlflow_client(), 2
    )  # as a training that makes the same model does

    assert registry.CHIPS.roll_back() == (2, 1)
    forecast_chips()
    assert current_versions() == {champion_version()} == {1}
    challenger = registry.CHIPS.by_alias(tracking.mlflow_client(), registry.CHALLENGER)
    assert challenger is not None
    assert challenger.version == 2

    again = decided(candidate(digest=challenger.tags[registry.DIGEST]))
    assert not again.promotes
    assert again.known is not None
    assert again.known.version == 2
    assert again.sentence.endswith("this very model was rolled back (version 2)")


def test_a_champion_that_replaced_none_cannot_be_rolled_back(in_trained: Trained) -> None:
    with pytest.raises(RegistryError, match="version 1 of building-growth replaced none"):
        registry.CHIPS.roll_back()
    assert champion_version() == 1


def test_without_a_champion_there_is_nothing_to_roll_back(database: str) -> None:
    with pytest.raises(RegistryError, match="no champion of building-growth to roll back"):
        registry.CHIPS.roll_back()


@pytest.mark.parametrize(("factor", "data", "promoted", "words"), [
    (1.0, None, False, "not better, on the same data, than the champion: loss 1.000"),
    (0.95, None, True, "better than the champion: loss 0.950"),
    (1.0, "newer", True, "no worse than the champion: loss 1.000"),
    (1.05, "newer", False, "it is clearly worse at 1 months: 1.050"),
])  # fmt: skip
def test_a_challenger_is_held_against_the_champions_own_backtest(
    in_trained: Trained, factor: float, data: str | None, promoted: bool, words: str
) -> None:
    found = decided(candidate(factor=factor, data_digest=data))
    assert found.promotes is promoted
    assert found.sentence.startswith(
        f"{'champion' if promoted else 'challenger'}: beats all; {words}"
    )
    assert found.comparison is not None
    assert found.comparison.clusters == 30


@pytest.mark.parametrize(("held", "came", "promoted", "words"), [
    (DataKind.OWN, DataKind.GENERATED, False, "it learned from generated data, the champion from"),
    (DataKind.GENERATED, DataKind.OWN, True, "the champion learned from generated data, and these"),
])  # fmt: skip
def test_kinds_of_data_are_not_compared_and_own_data_come_first(
    trained_database: str, held: DataKind, came: DataKind, promoted: bool, words: str
) -> None:
    tracking.mlflow_client().set_model_version_tag(
        registry.CHIPS.name, "1", registry.DATA_KIND, str(held)
    )
    found = decided(candidate(kind=came, factor=0.5))
    assert found.promotes is promoted
    assert words in found.sentence
    assert found.comparison is None


def test_what_does_not_beat_the_plain_forecasts_is_a_challenger(in_trained: Trained) -> None:
    found = decided(candidate(factor=0.5, beats=False))
    assert (found.promotes, found.sentence) == (False, "challenger: does not beat all")
