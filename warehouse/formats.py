"""The file forms in which the warehouse hands out map layers."""

from enum import StrEnum


class ExportFormat(StrEnum):
    """File form of an exported layer."""

    GPKG = "gpkg"
    GEOJSON = "geojson"
    PARQUET = "parquet"
