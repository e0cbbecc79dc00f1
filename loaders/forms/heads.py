"""What the first bytes of a file tell: how it is read, or which form it has that is not read."""

from enum import StrEnum
from typing import Final

from loaders.errors import SourceFormError

HEAD_BYTES: Final = 512


class Packing(StrEnum):
    """How a file is compressed; the value is the ending that says so."""

    NONE = ""
    GZIP = ".gz"
    BZIP2 = ".bz2"
    XZ = ".xz"
    ZSTANDARD = ".zst"


_PACKINGS: Final = {
    b"\x1f\x8b": Packing.GZIP,
    b"BZh": Packing.BZIP2,
    b"\xfd7zXZ\x00": Packing.XZ,
    b"\x28\xb5\x2f\xfd": Packing.ZSTANDARD,
}
_PARQUET: Final = b"PAR1"
_TAR: Final = b"ustar"
_TAR_AT: Final = 257
_REFUSED: Final = {
    b"PK\x03\x04": "a zip archive (or a workbook); unpack it and load the CSV in it",
    b"7z\xbc\xaf\x27\x1c": "a 7z archive; unpack it and load the CSV in it",
    b"Rar!": "a rar archive; unpack it and load the CSV in it",
    b"\x1f\x9d": "a file of compress (.Z); unpack it and load the CSV in it",
    b"\x04\x22\x4d\x18": "an lz4 file; unpack it and load the CSV in it",
    b"SQLite format 3": "an SQLite or GeoPackage file; write its rows as a CSV",
    b"ARROW1": "an Arrow or Feather file; write its rows as a CSV or Parquet file",
    b"ORC": "an ORC file; write its rows as a CSV or Parquet file",
    b"\x89HDF": "an HDF5 file; write its rows as a CSV or Parquet file",
    b"%PDF": "a PDF",
    b"\xd0\xcf\x11\xe0": "an old Office document; write its rows as a CSV",
    b"fgb\x03": "a FlatGeobuf file; write its rows as a CSV",
    b"\xff\xfe": "text in UTF-16; write it as UTF-8",
    b"\xfe\xff": "text in UTF-16; write it as UTF-8",
}
_JSON: Final = (b"{", b"[")
_MARKUP: Final = b"<"


def packing_of(head: bytes) -> Packing:
    """Return how the file with this head is compressed."""
    return next((kind for magic, kind in _PACKINGS.items() if head.startswith(magic)), Packing.NONE)


def is_tar(head: bytes) -> bool:
    """Tell whether this is the head of a tar archive."""
    return head[_TAR_AT : _TAR_AT + len(_TAR)] == _TAR


def is_parquet(head: bytes) -> bool:
    """Tell whether this is the head of a Parquet file."""
    return head.startswith(_PARQUET)


def refuse_other_forms(head: bytes, source_file: str) -> None:
    """End a load of a file that is no text in UTF-8, without showing its bytes.

    Raises:
        SourceFormError: It is of a form that is known by its head, or is no text.
    """
    form = next((form for magic, form in _REFUSED.items() if head.startswith(magic)), None)
    if form is None and packing_of(head) is not Packing.NONE:
        form = f"packed within what was unpacked ({packing_of(head)}); unpack it once more"
    if form is None and (is_parquet(head) or is_tar(head)):
        form = "a Parquet file or archive within another one; load it by itself"
    if form is None and head.lstrip().startswith(_JSON):
        form = "JSON; GeoJSON labels are read from a folder train/<chip>/labels_match_pix"
    if form is None and head.lstrip().startswith(_MARKUP):
        form = "XML or HTML, as of a page that was saved instead of a file"
    if form is None and b"\x00" in head.partition(b"\n")[0]:
        form = "no text in UTF-8 (it holds NUL bytes)"
    if form is not None:
        raise SourceFormError(
            f"{source_file} is {form}; expected a CSV that starts with 'filename,id,geometry'"
        )
