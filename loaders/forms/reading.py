"""A source, part by part, as what a load takes in."""

import hashlib
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from loaders.background import read_ahead
from loaders.forms.archives import naming_damage, tar_pieces
from loaders.forms.csv_rows import read_lines
from loaders.forms.features import MOST_BYTES
from loaders.forms.geojson import LabelReader
from loaders.forms.heads import Packing
from loaders.forms.masks import MASK_ENDING, read_mask
from loaders.forms.parquet import read_parquet
from loaders.forms.parts import Part
from loaders.forms.sources import FileForm, Kind, Source, form_of, shown_path
from loaders.forms.streams import (
    HashingFile,
    LinewiseFile,
    Piece,
    Readable,
    joined,
    pieces,
)
from loaders.forms.unpacking import Unpacked
from loaders.terms.reasons import printable


@dataclass(frozen=True, slots=True)
class _Content:
    """A whole GeoJSON file."""

    content: bytes
    path: Path


@dataclass(frozen=True, slots=True)
class _Passed:
    """All parts of the source up to a byte were yielded."""

    position: int


class Reader:
    """Reads a source once, from its first file to its last.

    Attributes:
        position: How many bytes went into the parts that were yielded; of what is compressed,
            compressed bytes.
    """

    def __init__(self, source: Source) -> None:
        """Look at nothing yet."""
        self.position = 0
        self._source = source
        self._digests: dict[str, str] = {}
        self._finished_bytes = 0

    def parts(self) -> Iterator[Part]:
        """Yield all that the source holds.

        Raises:
            LoaderError: It cannot be read to its end.
        """
        # One thread reads, hashes and unpacks; another parses; the caller takes the rows in.
        with read_ahead(self._read()) as ahead, read_ahead(self._parse(ahead)) as parts:
            for part in parts:
                if isinstance(part, _Passed):
                    self.position = part.position
                else:
                    yield part

    def content_sha256(self) -> str:
        """Return the digest of all that was read: of a single file, its SHA-256."""
        return digest_of(self._digests)

    def _read(self) -> Iterator[Piece | _Content | Part | _Passed]:
        forms = {path: form_of(path) for path in self._source.csvs}
        tables = [path for path, form in forms.items() if form.kind is Kind.PARQUET]
        yield from joined(self._pieces({p: f for p, f in forms.items() if p not in tables}))
        for path in tables:
            with self._opened(path):
                yield from read_parquet(path, source_file=name_of(self._source, path))
            yield _Passed(self._finished_bytes)
        for path in self._source.labels + self._source.masks:
            with self._opened(path) as file:
                content = file.read(MOST_BYTES + 1)
            yield _Content(content, path)
            yield _Passed(self._finished_bytes)

    def _pieces(self, forms: dict[Path, FileForm]) -> Iterator[Piece]:
        for path, form in forms.items():
            with self._opened(path) as file:
                stream, name = _stream(file, form), name_of(self._source, path)
                cut = tar_pieces if form.kind is Kind.TAR else pieces
                for piece in cut(stream, source_file=name):
                    waiting = stream.waiting if isinstance(stream, Unpacked) else 0
                    position = self._finished_bytes + file.position - waiting
                    yield replace(piece, position=position)

    def _parse(
        self, ahead: Iterator[Piece | _Content | Part | _Passed]
    ) -> Iterator[Part | _Passed]:
        labels = LabelReader()
        for item in ahead:
            if isinstance(item, Piece):
                yield from read_lines(item)
                yield _Passed(item.position)
            elif isinstance(item, _Content):
                is_mask = item.path.name.endswith(MASK_ENDING)
                read = read_mask if is_mask else labels.read
                yield from read(item.content, item.path, name_of(self._source, item.path))
            else:
                yield item
        yield from labels.rest()

    @contextmanager
    def _opened(self, path: Path) -> Iterator[HashingFile]:
        """Open a file of the source; note its digest when all of it was read."""
        with closing(HashingFile(path)) as file, naming_damage(shown_path(path)):
            yield file
            self._digests[name_of(self._source, path)] = file.finish()
        self._finished_bytes += file.position


def content_sha256(source: Source) -> str:
    """Return the digest that a load of this source would note, by reading it for nothing else."""
    digests: dict[str, str] = {}
    for path in source.files:
        with closing(HashingFile(path)) as file, naming_damage(shown_path(path)):
            digests[name_of(source, path)] = file.finish()
    return digest_of(digests)


def name_of(source: Source, path: Path) -> str:
    """Return a file's name within its source."""
    name = path.name if path == source.path else path.relative_to(source.path).as_posix()
    return printable(name)


def digest_of(digests: dict[str, str]) -> str:
    """Return one digest for all files: of a single one, its own."""
    if len(digests) == 1:
        return next(iter(digests.values()))
    lines = "".join(f"{digest}  {name}\n" for name, digest in sorted(digests.items()))
    return hashlib.sha256(lines.encode()).hexdigest()


def _stream(file: HashingFile, form: FileForm) -> Readable:
    if form.packing is not Packing.NONE:
        return Unpacked(file, form.packing, source_file=shown_path(file.path))
    return file if form.kind is Kind.TAR else LinewiseFile(file)
