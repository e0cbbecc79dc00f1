"""The source data: the user's own file or folder, the inbox, else what is held, else generated."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Optional

import dagster as dg
from pydantic import Field

from loaders.errors import MixedDataError
from loaders.forms.sources import Source, find_source
from orchestration.assets.holdings import GENERATED, OWN, holdings
from orchestration.owners import DATA_ENGINEERING
from orchestration.terminal import step
from synthetic import Size, synthesize
from warehouse.connection.settings import get_settings


class SourceConfig(dg.Config):
    """Where the data come from; with none of these, the warehouse keeps what it holds.

    Attributes:
        path: A CSV, an archive or a folder of SpaceNet 7's form.
        size: Size of a data set to generate. An empty warehouse gets the sample unasked.
        inbox: Names of files or folders of the inbox to load.
        gone: Names of files or folders that are gone from the inbox; their sources leave.
        forget: Sources to take out of the warehouse, by name.
    """

    path: Optional[str] = None  # noqa: UP045 (Dagster reads no other form of it)
    size: Optional[Size] = None  # noqa: UP045
    inbox: list[str] = Field(default=[])
    gone: list[str] = Field(default=[])
    forget: list[str] = Field(default=[])


@dataclass(frozen=True, slots=True)
class Arrivals:
    """What the raw tables are to be changed by; with nothing in it they stay as they are.

    Attributes:
        path: File or folder to load.
        inbox: Entries of the inbox to load.
        gone: Entries that are gone from the inbox.
        forget: Sources to take out.
    """

    path: str | None = None
    inbox: tuple[str, ...] = ()
    gone: tuple[str, ...] = ()
    forget: tuple[str, ...] = ()


@dg.asset(
    group_name="source",
    kinds={"file"},
    owners=[DATA_ENGINEERING],
    required_resource_keys={"run_lock"},
)
def source_data(config: SourceConfig) -> dg.Output[Arrivals]:
    """What the raw tables are loaded from; nothing where they stay as they are.

    Generated and own data never mix: data are generated only where no own data are held.
    """
    if config.inbox or config.gone or config.forget:
        arrivals = Arrivals(
            config.path, tuple(config.inbox), tuple(config.gone), tuple(config.forget)
        )
        metadata = {"inbox": config.inbox, "gone": config.gone, "forget": config.forget}
        return dg.Output(arrivals, metadata=metadata)
    if config.path is not None:
        return _output(find_source(Path(config.path)), kind=OWN)
    held = holdings()
    if config.size is None and held:
        images = sum(one.images for one in held)
        return dg.Output(Arrivals(), metadata={"sources": len(held), "images": images})
    own = [one.name for one in held if not one.is_generated]
    if own:
        raise MixedDataError(
            f"the warehouse holds data of your own ({own[0]}), and generated data must not mix "
            "with them; give no SIZE to keep them, or generate into another home (SN7_HOME)"
        )
    size = config.size or Size.SAMPLE
    made = synthesize(get_settings().data / size, size=size, on_rows=step.report_rows)
    return _output(find_source(made.out), kind=GENERATED)


def _output(source: Source, *, kind: str) -> dg.Output[Arrivals]:
    metadata: dict[str, Any] = {
        "source": dg.MetadataValue.path(source.path),
        "form": str(source.kind),
        "kind": kind,
        "bytes": source.size_bytes(),
    }
    return dg.Output(Arrivals(path=str(source.path)), metadata=metadata)
