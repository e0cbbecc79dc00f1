"""What lies at a path: a CSV (plain or gzip), a tar archive of CSVs, a folder, and its parts.

Told by content, not by extension.
"""

import gzip
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final

from loaders.errors import SourceFormError, SourceMissingError


class Kind(StrEnum):
    """How a source is read; written to ``raw.load_run.source_kind``."""

    CSV = "csv"
    CSV_GZIP = "csv.gz"
    TAR = "tar"
    TAR_GZIP = "tar.gz"
    FOLDER = "folder"
    AOI = "aoi"


_GZIP: Final = b"\x1f\x8b"
_ZIP: Final = b"PK\x03\x04"
_TAR: Final = b"ustar"
_TAR_AT: Final = 257
_HEAD_BYTES: Final = 512
LABEL_FOLDERS: Final = ("labels_match_pix", "labels_match", "labels")
"""In the order of preference: pixel coordinates, EPSG:3857, longitude and latitude."""


@dataclass(frozen=True, slots=True)
class Source:
    """A source and its identity in the ledger.

    Attributes:
        path: Where it is, resolved.
        name: Its identity: the path, or the name that the user gave it.
        kind: How it is read.
        csvs: The files with rows in CSV form; of an archive, the archive.
        labels: GeoJSON files with buildings.
        masks: GeoJSON files with unusable areas.
    """

    path: Path
    name: str
    kind: Kind
    csvs: tuple[Path, ...] = ()
    labels: tuple[Path, ...] = ()
    masks: tuple[Path, ...] = ()

    @property
    def files(self) -> tuple[Path, ...]:
        """All files, in the order they are read."""
        return self.csvs + self.labels + self.masks

    def size_bytes(self) -> int:
        """Return the size of all files together."""
        return sum(path.stat().st_size for path in self.files)


def find_source(path: Path, *, name: str | None = None) -> Source:
    """Look at a path and say what it is.

    Args:
        path: A file or a folder.
        name: The source's identity; without it, its resolved path.

    Raises:
        SourceMissingError: Nothing is there, or it is empty.
        SourceFormError: It is something else.
    """
    path = path.expanduser()
    if not path.exists():
        raise SourceMissingError(f"{path} does not exist; expected a CSV, an archive or a folder")
    path = path.resolve()
    identity = name or str(path)
    if path.is_dir():
        return _folder(path, identity)
    if not path.is_file():
        raise SourceFormError(f"{path} is neither a file nor a folder")
    return Source(path, identity, kind_of(path), csvs=(path,))


def kind_of(path: Path) -> Kind:
    """Tell by its first bytes how a file is to be read.

    Raises:
        SourceMissingError: It is empty or cannot be opened.
        SourceFormError: It is of a form that is not read.
    """
    try:
        with path.open("rb") as file:
            head = file.read(_HEAD_BYTES)
    except OSError as error:
        raise SourceMissingError(f"{path} cannot be read ({error.strerror})") from error
    if not head:
        raise SourceMissingError(f"{path} is empty; expected a CSV of SpaceNet 7's form")
    if head.startswith(_ZIP):
        raise SourceFormError(f"{path} is a zip archive; unpack it and load the CSV in it")
    if head.startswith(_GZIP):
        return Kind.TAR_GZIP if _is_tar(_unpacked_head(path)) else Kind.CSV_GZIP
    return Kind.TAR if _is_tar(head) else Kind.CSV


def _is_tar(head: bytes) -> bool:
    return head[_TAR_AT : _TAR_AT + len(_TAR)] == _TAR


def _unpacked_head(path: Path) -> bytes:
    try:
        with gzip.open(path) as file:
            return file.read(_HEAD_BYTES)
    except (OSError, EOFError):
        return b""


def _folder(path: Path, identity: str) -> Source:
    csvs = _sorted(path, "csvs/*.csv", "csvs/*.csv.gz") or _sorted(path, "*.csv", "*.csv.gz")
    chips = _chip_folders(path)
    masks = tuple(mask for chip in chips for mask in _sorted(chip, "labels/*_UDM.geojson"))
    labels = () if csvs else tuple(label for chip in chips for label in _labels(chip))
    source = Source(path, identity, Kind.FOLDER, csvs=csvs, labels=labels, masks=masks)
    if not source.csvs and not source.labels:
        message = (
            f"{path} holds neither csvs/*.csv nor train/<chip>/ with "
            f"{', '.join(LABEL_FOLDERS[:-1])} or {LABEL_FOLDERS[-1]} of GeoJSON files"
        )
        raise SourceMissingError(message)
    return source


def _chip_folders(path: Path) -> list[Path]:
    root = path / "train" if (path / "train").is_dir() else path
    if any((root / name).is_dir() for name in LABEL_FOLDERS):
        return [root]
    return sorted(child for child in root.iterdir() if child.is_dir())


def _labels(chip: Path) -> tuple[Path, ...]:
    for name in LABEL_FOLDERS:
        found = _sorted(chip, f"{name}/*.geojson")
        labels = tuple(path for path in found if not path.name.endswith("_UDM.geojson"))
        if labels:
            return labels
    return ()


def _sorted(folder: Path, *patterns: str) -> tuple[Path, ...]:
    return tuple(sorted(path for pattern in patterns for path in folder.glob(pattern)))
