"""Jobs: named selections of the graph."""

import dagster as dg

MAIN = dg.define_asset_job(
    "main",
    selection=dg.AssetSelection.all(),
    description="Everything, from the source data to the packaged service.",
)
