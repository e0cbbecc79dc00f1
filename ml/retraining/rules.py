"""The tunables of retraining: ``rules.yaml``, checked."""

from pathlib import Path

from pydantic import Field

from ml.training.tunables import Section, read_tunables

RULES_PATH = Path(__file__).with_name("rules.yaml")


class DriftRules(Section):
    """What counts as drift."""

    columns: tuple[str, ...]
    bins: int = Field(ge=3, le=20)
    least_psi: float = Field(ge=0.05, le=2)
    chance: float = Field(ge=1e-9, le=0.05)
    design_effect: float = Field(ge=1, le=10)
    least_rows: int = Field(ge=10, le=1000)


class PromiseRules(Section):
    """What counts as a broken promise."""

    worst_ratio: float = Field(ge=1, le=10)
    least_outcomes: int = Field(ge=10, le=100_000)


class Rules(Section):
    """All of ``rules.yaml``."""

    new_months: int = Field(ge=1, le=24)
    new_share: float = Field(ge=0.01, le=1)
    drift: DriftRules
    promise: PromiseRules


def load_rules(path: Path = RULES_PATH) -> Rules:
    """Read and check the tunables.

    Raises:
        ParamsError: The file is not there, is no YAML, or a value is out of range.
    """
    return read_tunables(path, Rules)
