"""The bare application: FastAPI and uvicorn with the same model, look-up and answers, no more.

No gate, no strictness, no errors of one form: what is left is what anything on FastAPI costs.
"""

import argparse
import contextlib
from collections.abc import AsyncIterator

import uvicorn
from fastapi import FastAPI, Response
from pydantic import BaseModel

from serving.api.champion import load_model
from serving.api.forecaster import Asked, Forecaster
from serving.lookup.features import FeatureLookup
from serving.lookup.pool import Pool


class Chips(BaseModel):
    """One chip, or many."""

    chip_id: str = ""
    chip_ids: list[str] = []
    drivers: int = 3


class Rows(BaseModel):
    """Rows of features."""

    rows: list[dict[str, float | None]]
    drivers: int = 0


def make() -> FastAPI:
    """Return the application, its model loaded."""
    forecaster = Forecaster(load_model())
    pool = Pool(4)
    lookup = FeatureLookup(pool, forecaster.features)

    @contextlib.asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        await pool.open()
        yield
        await pool.close()

    app = FastAPI(lifespan=lifespan)

    @app.get("/livez")
    async def alive() -> dict[str, str]:
        return {"status": "alive"}

    @app.post("/forecast")
    @app.post("/forecast_batch")
    async def forecast(asked: Chips) -> Response:
        chips = asked.chip_ids or [asked.chip_id]
        found = await lookup.look_up(chips, as_of=None)
        answer = forecaster.forecast(Asked(found.features, chips, found.as_of, asked.drivers))
        return Response(answer.body, media_type="application/json")

    @app.post("/forecast_features")
    async def forecast_features(asked: Rows) -> Response:
        matrix = forecaster.matrix(asked.rows)
        nothing: list[None] = [None] * len(matrix)
        answer = forecaster.forecast(Asked(matrix, nothing, nothing, asked.drivers))
        return Response(answer.body, media_type="application/json")

    return app


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    uvicorn.run(make(), port=parser.parse_args().port, access_log=False, log_level="warning")
