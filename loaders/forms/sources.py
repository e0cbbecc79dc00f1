"""What lies at a path: a CSV, a Parquet file, a tar archive of CSVs, a folder, and its parts.

Told by content, not by extension; hidden files are no part of a source.
"""

from contextlib import closing
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final

from loaders.errors import SourceFormError, SourceMissingError
from loaders.forms.heads import HEAD_BYTES, Packing, is_parquet, is_tar, packing_of
from loaders.forms.streams import HashingFile
from loaders.forms.unpacking import DAMAGES, Unpacked
from loaders.terms.names import is_hidden
from loaders.terms.reasons import printable


class Kind(StrEnum):
    """How a source is read; written to ``raw.load_run.source_kind``, with the packing behind it."""

    CSV = "csv"
    TAR = "tar"
    PARQUET = "parquet"
    FOLDER = "folder"
    AOI = "aoi"


LABEL_FOLDERS: Final = ("labels_match_pix", "labels_match", "labels")
"""In the order of preference: pixel coordinates, EPSG:3857, longitude and latitude."""
_CSV_FILES: Final = tuple(f"*.csv{packing}" for packing in Packing)


@dataclass(frozen=True, slots=True)
class FileForm:
    """How one file with rows is read.

    Attributes:
        kind: ``csv``, ``tar`` or ``parquet``.
        packing: How it is compressed.
    """

    kind: Kind
    packing: Packing

    def __str__(self) -> str:
        """Return it as an ending would say it: ``csv.gz``."""
        return f"{self.kind}{self.packing}"


@dataclass(frozen=True, slots=True)
class Source:
    """A source and its identity in the ledger.

    Attributes:
        path: Where it is, resolved.
        name: Its identity: the path, or the name that the user gave it.
        kind: How it is read: ``csv``, ``tar.gz``, ``folder`` ...
        csvs: The files with rows in CSV form or as Parquet; of an archive, the archive.
        labels: GeoJSON files with buildings.
        masks: GeoJSON files with unusable areas.
        tracker: Whose predictions it holds; None for the truth.
    """

    path: Path
    name: str
    kind: str
    csvs: tuple[Path, ...] = ()
    labels: tuple[Path, ...] = ()
    masks: tuple[Path, ...] = ()
    tracker: str | None = None

    @property
    def title(self) -> str:
        """What to call it in a sentence."""
        return self.name if self.tracker is None else f"{self.name} (tracker {self.tracker})"

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
        raise SourceMissingError(
            f"{shown_path(path)} does not exist; expected a CSV, an archive or a folder"
        )
    path = path.resolve()
    identity = printable(name or str(path))
    if path.is_dir():
        return _folder(path, identity)
    if not path.is_file():
        raise SourceFormError(f"{shown_path(path)} is neither a file nor a folder")
    return Source(path, identity, str(form_of(path)), csvs=(path,))


def form_of(path: Path) -> FileForm:
    """Tell by its first bytes how a file is to be read.

    Raises:
        SourceMissingError: It is empty or cannot be opened.
    """
    try:
        with closing(HashingFile(path)) as file:
            head = file.read(HEAD_BYTES)
    except OSError as error:
        message = f"{shown_path(path)} cannot be read ({error.strerror})"
        raise SourceMissingError(message) from error
    if not head:
        message = f"{shown_path(path)} is empty; expected a CSV of SpaceNet 7's form"
        raise SourceMissingError(message)
    packing = packing_of(head)
    if packing is not Packing.NONE:
        head = _unpacked_head(path, packing)
    if is_parquet(head) and packing is Packing.NONE:
        return FileForm(Kind.PARQUET, packing)
    return FileForm(Kind.TAR if is_tar(head) else Kind.CSV, packing)


def shown_path(path: Path) -> str:
    """Return a path fit to be printed and stored, whatever bytes it is made of."""
    return printable(str(path))


def _unpacked_head(path: Path, packing: Packing) -> bytes:
    """Return the first bytes within; of a damaged file none, since reading it will say so."""
    head = b""
    with closing(HashingFile(path)) as file:
        stream = Unpacked(file, packing, source_file=shown_path(path))
        try:
            while len(head) < HEAD_BYTES and (read := stream.read(HEAD_BYTES - len(head))):
                head += read
        except DAMAGES:
            return head
    return head


def _folder(path: Path, identity: str) -> Source:
    csvs = _sorted(path / "csvs", *_CSV_FILES) or _sorted(path, *_CSV_FILES)
    chips = _chip_folders(path)
    masks = tuple(mask for chip in chips for mask in _sorted(chip, "labels/*_UDM.geojson"))
    labels = () if csvs else tuple(label for chip in chips for label in _labels(chip))
    if not csvs and not labels:
        csvs = _sorted(path / "csvs", "*.parquet") or _sorted(path, "*.parquet")
    source = Source(path, identity, Kind.FOLDER, csvs, labels, masks)
    if not source.csvs and not source.labels:
        message = (
            f"{shown_path(path)} holds neither csvs/*.csv nor train/<chip>/ with "
            f"{', '.join(LABEL_FOLDERS[:-1])} or {LABEL_FOLDERS[-1]} of GeoJSON files"
        )
        raise SourceMissingError(message)
    return source


def _chip_folders(path: Path) -> list[Path]:
    root = path / "train" if (path / "train").is_dir() else path
    if any((root / name).is_dir() for name in LABEL_FOLDERS):
        return [root]
    return sorted(child for child in root.iterdir() if child.is_dir() and not is_hidden(child.name))


def _labels(chip: Path) -> tuple[Path, ...]:
    for name in LABEL_FOLDERS:
        found = _sorted(chip, f"{name}/*.geojson")
        labels = tuple(path for path in found if not path.name.endswith("_UDM.geojson"))
        if labels:
            return labels
    return ()


def _sorted(folder: Path, *patterns: str) -> tuple[Path, ...]:
    found = {path for pattern in patterns for path in folder.glob(pattern)}
    return tuple(sorted(path for path in found if not is_hidden(path.name)))
