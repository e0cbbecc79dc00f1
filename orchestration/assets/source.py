"""The source data: the user's own file or folder, else what the warehouse holds, else generated."""

from pathlib import Path
from typing import Any, Optional

import dagster as dg

from loaders.errors import MixedDataError
from loaders.forms.sources import Source, find_source
from orchestration.assets.holdings import GENERATED, OWN, holdings
from orchestration.terminal import step
from synthetic import Size, synthesize
from warehouse.connection.settings import get_settings


class SourceConfig(dg.Config):
    """Where the data come from; with neither, the warehouse keeps what it holds.

    Attributes:
        path: A CSV, an archive or a folder of SpaceNet 7's form.
        size: Size of a data set to generate. An empty warehouse gets the sample unasked.
    """

    path: Optional[str] = None  # noqa: UP045 (Dagster reads no other form of it)
    size: Optional[Size] = None  # noqa: UP045


@dg.asset(group_name="source", kinds={"file"}, required_resource_keys={"run_lock"})
def source_data(config: SourceConfig) -> dg.Output[Optional[str]]:  # noqa: UP045
    """File or folder that the raw tables are loaded from; none where they stay as they are.

    Generated and own data never mix: data are generated only where no own data are held.
    """
    if config.path is not None:
        return _output(find_source(Path(config.path)), kind=OWN)
    held = holdings()
    if config.size is None and held:
        images = sum(one.images for one in held)
        return dg.Output(None, metadata={"sources": len(held), "images": images})
    own = [one.name for one in held if not one.is_generated]
    if own:
        raise MixedDataError(
            f"the warehouse holds data of your own ({own[0]}), and generated data must not mix "
            "with them; give no SIZE to keep them, or generate into another home (SN7_HOME)"
        )
    size = config.size or Size.SAMPLE
    made = synthesize(get_settings().data / size, size=size, on_rows=step.report_rows)
    return _output(find_source(made.out), kind=GENERATED)


def _output(source: Source, *, kind: str) -> dg.Output[Optional[str]]:  # noqa: UP045
    metadata: dict[str, Any] = {
        "source": dg.MetadataValue.path(source.path),
        "form": str(source.kind),
        "kind": kind,
        "bytes": source.size_bytes(),
    }
    return dg.Output(str(source.path), metadata=metadata)
