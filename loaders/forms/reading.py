"""A source, part by part, as what a load takes in."""

import hashlib
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from loaders.forms.archives import Gunzip, naming_damage, tar_pieces
from loaders.forms.csv_rows import read_lines
from loaders.forms.parts import Part
from loaders.forms.sources import Kind, Source, kind_of
from loaders.forms.streams import HashingFile, LinewiseFile, Piece, Readable, pieces, read_ahead


class Reader:
    """Reads a source once, from its first file to its last."""

    def __init__(self, source: Source) -> None:
        """Look at nothing yet."""
        self._source = source
        self._digests: dict[str, str] = {}
        self._finished_bytes = 0
        self._file: HashingFile | None = None

    @property
    def position(self) -> int:
        """How many bytes were read so far; of compressed files, compressed bytes."""
        return self._finished_bytes + (self._file.position if self._file is not None else 0)

    def parts(self) -> Iterator[Part]:
        """Yield all that the source holds.

        Raises:
            LoaderError: It cannot be read to its end.
        """
        for path in self._source.csvs:
            yield from self._read_csv(path)
        if self._source.labels or self._source.masks:
            yield from self._read_geojson()

    def content_sha256(self) -> str:
        """Return the digest of all that was read: of a single file, its SHA-256."""
        return digest_of(self._digests)

    def name_of(self, path: Path) -> str:
        """Return how a file of the source is called in ``raw.rejected_row`` and in errors."""
        return name_of(self._source, path)

    def _read_csv(self, path: Path) -> Iterator[Part]:
        with closing(HashingFile(path)) as file, naming_damage(str(path)):
            self._file = file
            # One thread reads, hashes and unpacks; another parses; the caller takes the rows in.
            with (
                read_ahead(_csv_pieces(file, kind_of(path), self.name_of(path))) as ahead,
                read_ahead(part for piece in ahead for part in read_lines(piece)) as parts,
            ):
                yield from parts
            self._finish(path, file.finish())

    def _read_geojson(self) -> Iterator[Part]:
        # GDAL's bindings take a second and a half to import, which a CSV need not wait for.
        from loaders.forms.geojson import LabelReader  # noqa: PLC0415
        from loaders.forms.masks import read_mask  # noqa: PLC0415

        labels = LabelReader()
        for path in self._source.labels:
            yield from labels.read(self._content(path), path, self.name_of(path))
        for path in self._source.masks:
            yield from read_mask(self._content(path), path, self.name_of(path))

    def _content(self, path: Path) -> bytes:
        with closing(HashingFile(path)) as file, naming_damage(str(path)):
            self._file = file
            content = file.read(max(path.stat().st_size, 1))
            self._finish(path, file.finish())
        return content

    def _finish(self, path: Path, digest: str) -> None:
        self._digests[self.name_of(path)] = digest
        self._finished_bytes = self.position
        self._file = None


def content_sha256(source: Source) -> str:
    """Return the digest that a load of this source would note, by reading it for nothing else."""
    digests: dict[str, str] = {}
    for path in source.files:
        with closing(HashingFile(path)) as file, naming_damage(str(path)):
            digests[name_of(source, path)] = file.finish()
    return digest_of(digests)


def name_of(source: Source, path: Path) -> str:
    """Return a file's name within its source."""
    return path.name if path == source.path else path.relative_to(source.path).as_posix()


def digest_of(digests: dict[str, str]) -> str:
    """Return one digest for all files: of a single one, its own."""
    if len(digests) == 1:
        return next(iter(digests.values()))
    lines = "".join(f"{digest}  {name}\n" for name, digest in sorted(digests.items()))
    return hashlib.sha256(lines.encode()).hexdigest()


def _csv_pieces(file: HashingFile, kind: Kind, source_file: str) -> Iterator[Piece]:
    """Run in the reading thread: reads, hashes, unpacks and cuts."""
    stream: Readable = LinewiseFile(file) if kind is Kind.CSV else file
    if kind in {Kind.CSV_GZIP, Kind.TAR_GZIP}:
        stream = Gunzip(file)
    if kind in {Kind.TAR, Kind.TAR_GZIP}:
        yield from tar_pieces(stream, source_file=source_file)
    else:
        yield from pieces(stream, source_file=source_file)
