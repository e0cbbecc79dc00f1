"""The record of a training run in MLflow: what it learned from, its scores, what came of it."""

import json
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
import polars as pl

from ml.data.examples import Examples
from ml.data.snapshot import example_frame, write_examples
from ml.lifecycle import registry, tracking
from ml.lifecycle.code import code_at_hand
from ml.lifecycle.decision import FORECASTS_FILE, Candidate, Outcome, outcome
from ml.lifecycle.facts import Work, card_facts, data_facts, flat, overall_skill
from ml.lifecycle.logged_model import log_model
from ml.lifecycle.schema import write_backtest
from ml.reporting.facts import CardFacts, DataFacts, month
from ml.reporting.frames import KEY, forecast_frame
from ml.reporting.gallery import write_card
from warehouse.access import connect
from warehouse.connection.roles import Role

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Dataset

EXAMPLES_FILE: Final = "data/examples.parquet"
PARAMS_FILE: Final = "params.json"
CARD_FILE: Final = "card/model_card.html"

SHOWN_ROWS: Final = 5
"""Rows of the input example."""

OUTCOME: Final = "net_change"
"""Column of the examples that MLflow is told to be the target; of several it takes one."""

CURVES: Final = ("pinball", "plain_pinball", "skill", "mae", "coverage")
"""Metrics that a run keeps as curves over the horizon, of the model beside the best plain one."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """Where the record is, and what became of the model.

    Attributes:
        run_id: Of the MLflow run.
        name: Of the run.
        version: In the registry.
        outcome: Champion or challenger, and why.
        card: The model card as one HTML file.
        summary: The card's text in Markdown, without its pictures.
    """

    run_id: str
    name: str
    version: int
    outcome: Outcome
    card: Path
    summary: str


def record(work: Work) -> Recorded:
    """Write run, artefacts, backtest rows and the registered version; decide on the champion."""
    client = tracking.mlflow_client()
    code, data = code_at_hand(), data_facts(work)
    forecasts = forecast_frame(work.examples, work.backtests)
    name = f"{data.kind}, {data.chips} chips to {month(data.last_as_of)}, {code.label}"
    digest = registry.model_digest(work.model)
    candidate = Candidate(digest, data.digest, data.kind, forecasts, work.verdict)
    found = outcome(client, candidate, work.places, work.params.gate)
    params = flat(work.params)
    tags = {registry.DATA_KIND: str(data.kind), registry.DATA_DIGEST: data.digest, **code.tags}
    with tracking.tracked_run(client, params, name=name, tags=tags) as run_id:
        with tempfile.TemporaryDirectory() as folder:
            facts = card_facts(work, data, forecasts, found, name=name, run_id=run_id, code=code)
            summary = _write_artefacts(Path(folder), work, forecasts, facts)
            client.log_artifacts(run_id, folder)
        dataset = _log_dataset(client, run_id, work.examples, data)
        model_id, source = log_model(
            client, run_id, work.model, work.examples.features.take(_few(work.examples)),
            name=registry.MODEL_NAME, params={key: str(value) for key, value in params.items()},
        )  # fmt: skip
        _log_metrics(client, run_id, facts.skill, dataset, model_id)
        client.set_tag(run_id, "verdict", found.sentence)
        client.set_tag(run_id, "mlflow.note.content", _note(facts, found))
        with connect(role=Role.TRAINER) as connection:
            write_backtest(connection, run_id, facts.scores)
        version = _registered(client, run_id, source, model_id, data, digest, found)
    card = tracking.artifact_folder(client, run_id) / CARD_FILE
    return Recorded(run_id, name, version, found, card, summary)


def _write_artefacts(folder: Path, work: Work, forecasts: pl.DataFrame, facts: CardFacts) -> str:
    for file in (EXAMPLES_FILE, FORECASTS_FILE):
        (folder / file).parent.mkdir(parents=True, exist_ok=True)
    write_examples(work.examples, folder / EXAMPLES_FILE)
    forecasts.write_parquet(folder / FORECASTS_FILE)
    facts.scores.write_csv((folder / FORECASTS_FILE).with_name("scores.csv"))
    params = json.dumps(work.params.model_dump(mode="json"), indent=2)
    (folder / PARAMS_FILE).write_text(params + "\n", encoding="utf-8")
    card = (folder / CARD_FILE).parent
    return write_card(card, facts, forecasts, work.model, work.chip_months, work.places)


def _log_dataset(
    client: "MlflowClient", run_id: str, examples: Examples, data: DataFacts
) -> "Dataset":
    """Tell MLflow what the run learned from; the source is the file that the run keeps."""
    from mlflow.entities import Dataset, DatasetInput, InputTag  # noqa: PLC0415

    path = tracking.artifact_folder(client, run_id) / EXAMPLES_FILE
    with tracking.remarks_left_out():
        from mlflow.data.pandas_dataset import from_pandas  # noqa: PLC0415

        made = from_pandas(
            example_frame(examples).to_pandas(),
            source=path.as_uri(),
            targets=OUTCOME,
            name=f"chip examples, {data.kind}",
        )
        dataset = Dataset(**made.to_dict())
    context = [InputTag("mlflow.data.context", "training")]
    client.log_inputs(run_id, [DatasetInput(dataset=dataset, tags=context)])
    return dataset


def _log_metrics(
    client: "MlflowClient", run_id: str, skill: pl.DataFrame, dataset: "Dataset", model_id: str
) -> None:
    """Keep the scores as curves over the horizon, which is their step, all in one write."""
    from mlflow.entities import Metric  # noqa: PLC0415 - see ml.lifecycle.tracking

    now = int(time.time() * 1000)

    def metric(key: str, value: float, step: int) -> Metric:
        return Metric(
            key, value, now, step, model_id=model_id, dataset_name=dataset.name,
            dataset_digest=dataset.digest,
        )  # fmt: skip

    curves = [
        metric(f"{row['protocol']}/{row['target']}/{name}", row[name], row["horizon"])
        for row in skill.iter_rows(named=True)
        for name in CURVES
    ]
    overall = [
        metric(f"overall_skill/{key}", value, 0) for key, value in overall_skill(skill).items()
    ]
    client.log_batch(run_id, metrics=[*curves, *overall])


def _note(facts: CardFacts, found: Outcome) -> str:
    """Return the run's description: what came of it, and the skill in a table."""
    lines = [f"**{facts.data.sentence}.** {sentence}." for sentence in (found.sentence,)]
    lines += [
        "",
        "| protocol | target | months | skill | coverage |",
        "| --- | --- | ---: | ---: | ---: |",
    ]
    lines += [
        f"| {row['protocol']} | {row['target']} | {row['horizon']} | {row['skill']:+.1%} "
        f"| {row['coverage']:.0%} |"
        for row in facts.skill.select(*KEY, "skill", "coverage").iter_rows(named=True)
    ]
    return "\n".join([*lines, "", f"Card: artifact `{CARD_FILE}`."])


def _registered(
    client: "MlflowClient",
    run_id: str,
    source: str,
    model_id: str,
    data: DataFacts,
    digest: str,
    found: Outcome,
) -> int:
    if found.known is not None:
        version = found.known.version
    else:
        version = registry.register(
            client, run_id=run_id, source=source, model_id=model_id,
            description=f"{data.sentence}. {found.sentence}.",
            tags={
                registry.DIGEST: digest,
                registry.DATA_DIGEST: data.digest,
                registry.DATA_KIND: str(data.kind),
            },
        )  # fmt: skip
    if found.promotes:
        registry.promote(client, version)
    else:
        registry.challenge(client, version)
    return version


def _few(examples: Examples) -> np.ndarray:
    """Return row numbers of the input example: the newest chip-months, one row each."""
    chosen: list[int] = []
    seen: set[tuple[int, int]] = set()
    for row in np.argsort(-examples.as_of, kind="stable").tolist():
        key = (int(examples.chip_key[row]), int(examples.as_of[row]))
        if key not in seen:
            seen.add(key)
            chosen.append(row)
        if len(chosen) == SHOWN_ROWS:
            break
    return np.array(chosen, dtype=np.int64)
