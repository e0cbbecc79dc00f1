"""The file forms in which the warehouse hands out map layers."""

from enum import StrEnum
from pathlib import Path

from serving.files.errors import ExportError


class ExportFormat(StrEnum):
    """File form of an exported layer."""

    GPKG = "gpkg"
    GEOJSON = "geojson"
    PARQUET = "parquet"

    @classmethod
    def of(cls, path: Path) -> "ExportFormat":
        """Return the form that a file's name ends in.

        Raises:
            ExportError: It ends in none of them.
        """
        try:
            return cls(path.suffix.lower().removeprefix("."))
        except ValueError as error:
            known = ", ".join(f".{each}" for each in cls)
            message = f"expected a file whose name ends in one of {known}, found {path}"
            raise ExportError(message) from error
