"""The source data: the user's own file or folder, else a generated data set."""

from pathlib import Path

import dagster as dg

from loaders.forms.sources import find_source
from synthetic import Size, synthesize
from warehouse.connection.settings import get_settings


class SourceConfig(dg.Config):
    """Where the data come from.

    Attributes:
        path: A CSV, an archive or a folder of SpaceNet 7's form; without it, data are generated.
        size: Size of the generated data set.
    """

    path: str | None = None
    size: Size = Size.SAMPLE


@dg.asset(group_name="source", kinds={"file"})
def source_data(config: SourceConfig) -> dg.Output[str]:
    """File or folder that the raw tables are loaded from."""
    if config.path is None:
        path = synthesize(get_settings().data / config.size, size=config.size).out
    else:
        path = Path(config.path)
    source = find_source(path)
    return dg.Output(
        str(source.path),
        metadata={
            "source": dg.MetadataValue.path(source.path),
            "kind": str(source.kind),
            "generated": config.path is None,
            "bytes": source.size_bytes(),
        },
    )
