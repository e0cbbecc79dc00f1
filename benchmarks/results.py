"""What a benchmark found, as it is written to JSON, and what follows from it by arithmetic."""

from pathlib import Path
from statistics import median
from typing import Final

from pydantic import BaseModel, ConfigDict, ValidationError, computed_field

from benchmarks.contenders import OURS, UNIT
from benchmarks.errors import ResultsError
from benchmarks.measuring import Measurement

FULL_ROWS: Final = 6_664_652
"""Rows of the real CSV; the targets are stated for this size."""
FULL_SIZE_TOLERANCE: Final = 0.01


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True)


class Step(_Record):
    """One measured program and its runs.

    Attributes:
        label: Name for people.
        kept: What is in the database afterwards, where it is a load of the CSV.
        share: Share of the rows that it got.
        runs: The measurements, at least one.
        start_up: The same program on a file of one row, where ``share`` is below 1.
    """

    label: str
    kept: str | None = None
    share: float = 1.0
    runs: tuple[Measurement, ...]
    start_up: Measurement | None = None

    @computed_field  # type: ignore[prop-decorator]
    @property
    def seconds(self) -> float:
        """Median time, scaled to all rows: start-up once, the rest by the share."""
        measured = median(run.seconds for run in self.runs)
        if self.start_up is None or self.share == 1:
            return measured
        start_up = min(self.start_up.seconds, measured)
        return start_up + (measured - start_up) / self.share

    @property
    def cpu_seconds(self) -> float:
        """Median CPU time of the program, not scaled."""
        return median(run.cpu_seconds for run in self.runs)

    @property
    def server_cpu_seconds(self) -> float | None:
        """Median CPU time of the server's backends, not scaled; None where it is not known."""
        known = [run.server_cpu_seconds for run in self.runs if run.server_cpu_seconds is not None]
        return median(known) if known else None

    @property
    def layer_seconds(self) -> dict[str, float]:
        """Median time of dbt's threads by schema, not scaled; empty but for builds."""
        return {
            layer: median(run.layer_seconds.get(layer, 0.0) for run in self.runs)
            for layer in self.runs[0].layer_seconds
        }

    @property
    def peak_bytes(self) -> int:
        """The largest peak of all runs."""
        return max(run.peak_bytes for run in self.runs)


class Data(_Record):
    """The data set.

    Attributes:
        origin: Where it comes from: the command that made it, or the user's folder.
        rows: Rows of the CSV.
        size_bytes: Size of the CSV.
    """

    origin: str
    rows: int
    size_bytes: int


class Machine(_Record):
    """Where it was measured.

    Attributes:
        processor: Model of the processor.
        cores: Number of its cores that the system shows.
        memory_bytes: Main memory.
        system: Operating system.
        load_before: One-minute load average before the first run; a calm machine has about 0.
        versions: Programs and packages with their versions.
        server_settings: Settings of PostgreSQL that bear on loading.
        commit: Commit of the project, where it is a git repository.
    """

    processor: str
    cores: int
    memory_bytes: int
    system: str
    load_before: float
    versions: dict[str, str]
    server_settings: dict[str, str]
    commit: str | None


class Scaled(_Record):
    """The scaling run.

    Attributes:
        factor: Rows in relation to the data set.
        data: The grown data set.
    """

    factor: float
    data: Data


class Results(_Record):
    """All that one benchmark found.

    Attributes:
        measured_at: Date and time, ISO 8601, UTC.
        machine: Where.
        data: On what.
        steps: Measured programs by key: the contenders' keys, and the constants below.
        skipped: Contenders that were left out, with the reason.
        failed: Parts that ended with an error, with its message.
        schema_bytes: Size on disk of each schema after load and build, indexes included.
        scaled: The scaling run.
        month_rows: Rows of the one more month.
        is_lossless: Whether the sorted export of ``raw.pixel_row`` equals the sorted CSV.
    """

    measured_at: str
    machine: Machine
    data: Data
    steps: dict[str, Step]
    skipped: dict[str, str] = {}
    failed: dict[str, str] = {}
    schema_bytes: dict[str, int] = {}
    scaled: Scaled | None = None
    month_rows: int | None = None
    is_lossless: bool | None = None

    @property
    def unit_seconds(self) -> float:
        """Seconds that psql takes to copy the file, beside the other loads."""
        return self.steps[UNIT.key].seconds

    def unit_beside(self, key: str) -> float:
        """Return the unit's seconds at the time of a step: the loads' own, or that of the builds.

        Minutes lie between the two, in which a machine's speed may change.
        """
        is_load = self.steps[key].kept is not None
        later = None if is_load else self.steps.get(UNIT_BESIDE_BUILDS)
        return self.unit_seconds if later is None else later.seconds

    @property
    def is_full_size(self) -> bool:
        """Whether the file is as large as the real one, for which the targets are stated."""
        return abs(self.data.rows - FULL_ROWS) <= FULL_SIZE_TOLERANCE * FULL_ROWS

    def ratio(self, key: str) -> float:
        """Return the time of a step in units."""
        return self.steps[key].seconds / self.unit_beside(key)

    def beyond_start_up(self, key: str) -> float | None:
        """Return the seconds of a dbt or loader step without its start-up; None if not run.

        None for a start-up itself, too.
        """
        step = self.steps.get(key)
        start_up = self.steps.get(_START_UPS.get(key, ""))
        return None if step is None or start_up is None else step.seconds - start_up.seconds

    def document(self) -> dict[str, object]:
        """Return it in JSON's types, with the ratios for readers who want no arithmetic."""
        ratios = {key: round(self.ratio(key), 3) for key in self.steps}
        return {**self.model_dump(mode="json"), "ratios": ratios}


LOADER_START_UP: Final = "loader_start_up"
UNIT_BESIDE_BUILDS: Final = "unit_beside_builds"
DBT_START_UP: Final = "dbt_start_up"
MODELS: Final = "models"
EVERYTHING: Final = "models_and_tests"
MONTH_LOADER_START_UP: Final = "month_loader_start_up"
MONTH_DBT_START_UP: Final = "month_dbt_start_up"
BEFORE_LOAD: Final = "before_load"
BEFORE_MODELS: Final = "before_models"
MONTH_LOAD: Final = "month_load"
MONTH_MODELS: Final = "month_models"
MONTH_IDLE: Final = "month_idle"
MONTH_TESTS: Final = "month_tests"
SCALED_LOAD: Final = "scaled_load"
SYNTHESIS: Final = "synthesis"
_START_UPS: Final = {
    OURS.key: LOADER_START_UP,
    SCALED_LOAD: LOADER_START_UP,
    MODELS: DBT_START_UP,
    EVERYTHING: DBT_START_UP,
    BEFORE_LOAD: MONTH_LOADER_START_UP,
    MONTH_LOAD: MONTH_LOADER_START_UP,
    BEFORE_MODELS: MONTH_DBT_START_UP,
    MONTH_MODELS: MONTH_DBT_START_UP,
    MONTH_IDLE: MONTH_DBT_START_UP,
    MONTH_TESTS: MONTH_DBT_START_UP,
}
"""The start-up that was measured beside a step."""


def read_results(path: Path) -> Results:
    """Read what ``Results.write`` wrote.

    Raises:
        ResultsError: There is no such file, or it has another form.
    """
    try:
        return Results.model_validate_json(path.read_bytes())
    except FileNotFoundError as error:
        message = f"{path} does not exist; run `python -m benchmarks` first"
        raise ResultsError(message) from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        message = f"{path} is not what `python -m benchmarks` writes ({where}: {first['msg']})"
        raise ResultsError(message) from error
