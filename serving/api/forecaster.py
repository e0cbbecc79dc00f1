"""What the endpoints do, apart from HTTP: find features, predict, put the answer together."""

from collections.abc import Mapping, Sequence

from ml.model.chip_model import ForecastModel
from ml.model.errors import FeatureError
from ml.model.grid import HORIZONS
from ml.model.matrix import FeatureMatrix
from serving.api.errors import BadFeaturesError
from serving.api.lookup import FeatureLookup
from serving.api.messages import ChipForecast, ForecastAnswer, HorizonForecast


class Forecaster:
    """A loaded model and the features to use it on."""

    def __init__(self, model: ForecastModel) -> None:
        """Serve ``model``; the warehouse is asked only when a chip is."""
        self.model = model
        self.store = FeatureLookup(model.manifest.features)

    async def by_chips(self, chip_ids: Sequence[str], *, as_of: int | None) -> ForecastAnswer:
        """Forecast chips from the features that the warehouse has of them.

        Raises:
            ServingError: An unknown chip, no warehouse, or features the model does not accept.
        """
        found = await self.store.look_up(chip_ids, as_of=as_of)
        return self._answer(found.features, chip_ids, found.as_of)

    def by_features(self, rows: Sequence[Mapping[str, float | None]]) -> ForecastAnswer:
        """Forecast from features given in the request.

        Raises:
            BadFeaturesError: Columns or values are not such as the model was trained on.
        """
        try:
            features = FeatureMatrix.from_rows(rows, self.model.manifest.features)
        except FeatureError as error:
            raise BadFeaturesError(str(error)) from error
        nothing = [None] * len(rows)
        return self._answer(features, nothing, nothing)

    def _answer(
        self,
        features: FeatureMatrix,
        chip_ids: Sequence[str | None],
        as_of: Sequence[int | None],
    ) -> ForecastAnswer:
        try:
            forecasts = self.model.predict(features)
        except FeatureError as error:
            raise BadFeaturesError(str(error)) from error
        counts = features.column("known_count").tolist()
        return ForecastAnswer(
            model_version=self.model.manifest.version,
            baseline=self.model.manifest.best_baseline.value,
            forecasts=[
                ChipForecast(
                    chip_id=chip_id, as_of=month, known_count=count, horizons=_horizons(*amounts)
                )
                for chip_id, month, count, *amounts in zip(
                    chip_ids,
                    as_of,
                    counts,
                    forecasts.quantiles.tolist(),
                    forecasts.baseline.tolist(),
                    strict=True,
                )
            ],
        )


def _horizons(quantiles: list[list[float]], baselines: list[float]) -> list[HorizonForecast]:
    def rounded(buildings: float) -> float:
        return round(buildings, 3) + 0.0  # no minus zero

    return [
        HorizonForecast(
            horizon=horizon,
            q10=rounded(q10),
            q50=rounded(q50),
            q90=rounded(q90),
            baseline=rounded(baseline),
        )
        for horizon, (q10, q50, q90), baseline in zip(HORIZONS, quantiles, baselines, strict=True)
    ]
