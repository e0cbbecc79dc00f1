"""The record of a training run in MLflow: what it learned from, its scores, what came of it.

Chips and cells are written down alike; what is different about them is told by their work.
"""

import json
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from ml.lifecycle import registry, tracking
from ml.lifecycle.cell_work import CellWork
from ml.lifecycle.chip_work import ChipWork
from ml.lifecycle.code import code_at_hand
from ml.lifecycle.decision import FORECASTS_FILE, Candidate, Outcome, outcome
from ml.lifecycle.logged_model import log_model
from ml.reporting.facts import DataFacts, RunFacts, month
from ml.training.tunables import flat
from warehouse.access import connect
from warehouse.connection.roles import Role

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Dataset

EXAMPLES_FILE: Final = "data/examples.parquet"
PARAMS_FILE: Final = "params.json"
CARD_FILE: Final = "card/model_card.html"

Work = ChipWork | CellWork


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
    code, data = code_at_hand(), work.data
    about = f"{data.kind}, {data.chips} chips to {month(data.last_as_of)}, {code.label}"
    name = about if work.line is registry.CHIPS else f"{work.subject}s, {about}"
    digest = registry.model_digest(work.model)
    candidate = Candidate(digest, data.digest, data.kind, work.forecasts, work.loss, work.verdict)
    found = outcome(client, work.line, candidate, work.places, work.params.gate)
    params = flat(work.params)
    tags = {registry.DATA_KIND: str(data.kind), registry.DATA_DIGEST: data.digest, **code.tags}
    with tracking.tracked_run(client, params, name=name, tags=tags) as run_id:
        commit = None if code.commit is None else code.label
        run = RunFacts(name, run_id, commit, found.sentences, data, params)
        with tempfile.TemporaryDirectory() as folder:
            summary = _write_artefacts(Path(folder), work, run)
            client.log_artifacts(run_id, folder)
        dataset = _log_dataset(client, run_id, work)
        model_id, source = log_model(
            client, run_id, work.model, work.shown, line=work.line.name,
            params={key: str(value) for key, value in params.items()},
        )  # fmt: skip
        _log_metrics(client, run_id, work, dataset, model_id)
        client.set_tag(run_id, "verdict", found.sentence)
        client.set_tag(run_id, "mlflow.note.content", _note(work, found))
        with connect(role=Role.TRAINER) as connection:
            work.write_backtest(connection, run_id)
        version = _registered(client, work, run_id, source, model_id, digest, found)
    card = tracking.artifact_folder(client, run_id) / CARD_FILE
    return Recorded(run_id, name, version, found, card, summary)


def _write_artefacts(folder: Path, work: Work, run: RunFacts) -> str:
    for file in (EXAMPLES_FILE, FORECASTS_FILE):
        (folder / file).parent.mkdir(parents=True, exist_ok=True)
    work.write_examples(folder / EXAMPLES_FILE)
    work.forecasts.write_parquet(folder / FORECASTS_FILE)
    work.scores.write_csv((folder / FORECASTS_FILE).with_name("scores.csv"))
    params = json.dumps(work.params.model_dump(mode="json"), indent=2)
    (folder / PARAMS_FILE).write_text(params + "\n", encoding="utf-8")
    return work.write_card((folder / CARD_FILE).parent, run)


def _log_dataset(client: "MlflowClient", run_id: str, work: Work) -> "Dataset":
    """Tell MLflow what the run learned from; the source is the file that the run keeps."""
    from mlflow.entities import Dataset, DatasetInput, InputTag  # noqa: PLC0415

    path = tracking.artifact_folder(client, run_id) / EXAMPLES_FILE
    with tracking.remarks_left_out():
        from mlflow.data.pandas_dataset import from_pandas  # noqa: PLC0415

        made = from_pandas(
            work.example_frame.to_pandas(),
            source=path.as_uri(),
            targets=work.outcome_column,
            name=f"{work.subject} examples, {work.kind}",
        )
        dataset = Dataset(**made.to_dict())
    context = [InputTag("mlflow.data.context", "training")]
    client.log_inputs(run_id, [DatasetInput(dataset=dataset, tags=context)])
    return dataset


def _log_metrics(
    client: "MlflowClient", run_id: str, work: Work, dataset: "Dataset", model_id: str
) -> None:
    """Keep the scores as curves over the horizon, which is their step, all in one write."""
    from mlflow.entities import Metric  # noqa: PLC0415 - see ml.lifecycle.tracking

    now = int(time.time() * 1000)
    metrics = [
        Metric(
            key, value, now, step, model_id=model_id, dataset_name=dataset.name,
            dataset_digest=dataset.digest,
        )
        for key, value, step in work.curves()
    ]  # fmt: skip
    client.log_batch(run_id, metrics=metrics)


def _note(work: Work, found: Outcome) -> str:
    """Return the run's description: what came of it, and the scores in a table."""
    said = f"**{work.data.sentence}.** {found.sentence}."
    return "\n".join([said, "", *work.note(), "", f"Card: artifact `{CARD_FILE}`."])


def _registered(
    client: "MlflowClient",
    work: Work,
    run_id: str,
    source: str,
    model_id: str,
    digest: str,
    found: Outcome,
) -> int:
    data: DataFacts = work.data
    if found.known is not None:
        version = found.known.version
    else:
        version = work.line.register(
            client, run_id=run_id, source=source, model_id=model_id,
            description=f"{data.sentence}. {found.sentence}.",
            tags={
                registry.DIGEST: digest,
                registry.DATA_DIGEST: data.digest,
                registry.DATA_KIND: str(data.kind),
            },
        )  # fmt: skip
    if found.promotes:
        work.line.promote(client, version)
    else:
        work.line.challenge(client, version)
    return version
