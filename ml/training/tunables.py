"""How a file of tunables is read and refused; what stands in it is its own module's."""

from pathlib import Path
from typing import Annotated, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ml.errors import ParamsError

Share = Annotated[float, Field(ge=0, le=1)]


class Section(BaseModel):
    """Base of every part of such a file: no key but those that are known, nothing changed."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class GateParams(Section):
    """What a challenger has to show against the champion."""

    margin: float = Field(ge=0, le=0.5)
    confidence: float = Field(gt=0.5, lt=1)
    draws: int = Field(ge=100, le=100_000)
    least_aois: int = Field(ge=2)


Tunables = TypeVar("Tunables", bound=Section)


def read_tunables(path: Path, kind: type[Tunables]) -> Tunables:
    """Read and check a YAML file of tunables.

    Raises:
        ParamsError: The file is not there, is no YAML, or a value is out of range.
    """
    try:
        return kind.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
    except OSError as error:
        raise ParamsError(f"cannot read {path}: {error.strerror}") from error
    except yaml.YAMLError as error:
        raise ParamsError(f"{path} is no YAML: {' '.join(str(error).split())}") from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "the file"
        raise ParamsError(f"{path}: {where}: {first['msg']}") from error


def flat(tunables: Section) -> dict[str, object]:
    """Return tunables by dotted names, lists as words."""
    values: dict[str, object] = {}
    for name, value in tunables.model_dump(mode="json").items():
        if isinstance(value, dict):
            values |= {f"{name}.{key}": inner for key, inner in value.items()}
        else:
            values[name] = ", ".join(value) if isinstance(value, list) else value
    return values
