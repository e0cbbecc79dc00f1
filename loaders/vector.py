"""The user's own vector file, read by GDAL with few drivers, in a process of its own.

GDAL opens what a file's content says, whatever its name, and some of its forms read other files or
the network. So every driver but those of plain files is taken away before the file is opened, in a
process that does nothing else: what GDAL does to a damaged file stays there.
"""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from warehouse.connection.settings import PROJECT_ROOT

DRIVERS: Final = (
    "ESRI Shapefile",
    "FlatGeobuf",
    "GPKG",
    "GeoJSON",
    "GeoJSONSeq",
    "KML",
    "MapInfo File",
)
FORMS: Final = "GeoPackage, GeoJSON, Shapefile, FlatGeobuf, KML or MapInfo file"
_NO_NETWORK: Final = {
    "CPL_VSIL_CURL_ALLOWED_FILENAME": "none",
    "GDAL_HTTP_MAX_RETRY": "0",
    "GDAL_HTTP_TIMEOUT": "1",
    "OGR_SQLITE_LOAD_EXTENSIONS": "NO",
    "OGR_SQLITE_LIST_VIRTUAL_OGR": "NO",
}


class UnreadableFileError(Exception):
    """A vector file that cannot be read; the message says why."""


@dataclass(frozen=True, slots=True)
class Features:
    """The features of the first layer.

    Attributes:
        geometries: WKB of each, or None.
        properties: One column of texts per property, as long as ``geometries``.
        crs: ``EPSG:<code>`` or WKT; None where the file names none.
    """

    geometries: list[bytes | None]
    properties: dict[str, list[str]]
    crs: str | None


def read_features(path: Path) -> Features:
    """Read the first layer of a vector file.

    Args:
        path: Absolute.

    Raises:
        UnreadableFileError: It is of none of ``FORMS``, or damaged.
    """
    command = [sys.executable, "-m", "loaders.vector", str(path)]
    done = subprocess.run(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        check=False,
        cwd=PROJECT_ROOT,
        env=os.environ | _NO_NETWORK,
    )
    try:
        found: dict[str, Any] = json.loads(done.stdout)
    except ValueError:
        raise UnreadableFileError(f"GDAL ended without a word, code {done.returncode}") from None
    if "error" in found:
        raise UnreadableFileError(found["error"])
    geometries = [None if text is None else bytes.fromhex(text) for text in found["geometries"]]
    return Features(geometries, found["properties"], found["crs"])


def _read(path: str) -> dict[str, Any]:
    """Run in the process of its own."""
    import pyogrio  # noqa: PLC0415 (half a second, and only here)
    from pyogrio.errors import DataLayerError, DataSourceError, FieldError  # noqa: PLC0415

    _drop_other_drivers()
    try:
        meta, _, geometries, columns = pyogrio.raw.read(path)
    except (DataSourceError, DataLayerError, FieldError, ValueError) as error:
        return {"error": str(error).splitlines()[0] if str(error) else type(error).__name__}
    if geometries is None:
        return {"error": "it has no geometries"}
    names = meta["fields"].tolist()
    return {
        "geometries": [None if wkb is None else wkb.hex() for wkb in geometries.tolist()],
        "properties": {
            name: [str(value) for value in column.tolist()]
            for name, column in zip(names, columns, strict=True)
        },
        "crs": meta["crs"],
    }


def _drop_other_drivers() -> None:
    """Take away all drivers but ``DRIVERS``; GDAL drops those of GDAL_SKIP when it registers."""
    import pyogrio  # noqa: PLC0415
    from pyogrio._ogr import _register_drivers  # noqa: PLC0415

    others = set(pyogrio.list_drivers()) - set(DRIVERS)
    pyogrio.set_gdal_config_options({"GDAL_SKIP": ",".join(sorted(others))})
    _register_drivers()
    left = set(pyogrio.list_drivers()) - set(DRIVERS)
    if left:
        raise RuntimeError(f"GDAL keeps drivers that may read other files: {', '.join(left)}")


if __name__ == "__main__":
    json.dump(_read(sys.argv[1]), sys.stdout)
