"""The public archive of SpaceNet 7's labels from S3, without credentials.

Fetched range by range into a ``.part`` file beside a note of its entity tag, so that a broken
fetch goes on where it stopped and never joins two versions. Unpacked through tarfile's ``data``
filter, into a folder of its own that takes its final name when all is there.
"""

import gzip
import json
import logging
import os
import shutil
import tarfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

import obstore
from obstore.exceptions import BaseError, PreconditionError
from obstore.store import S3Store

from loaders.errors import FetchError
from loaders.forms.archives import naming_damage, safe_members

logger = logging.getLogger(__name__)

BUCKET: Final = "spacenet-dataset"
REGION: Final = "us-east-1"
ARCHIVE: Final = "spacenet/SN7_buildings/tarballs/SN7_buildings_train_csvs.tar.gz"
ENDPOINT_VARIABLE: Final = "SN7_S3_ENDPOINT"
"""Environment variable with another S3-compatible server, such as a mirror."""

_UNPACKED: Final = ".unpacked.json"
RANGE_BYTES: Final = 8 * 1024 * 1024
SECONDS_BETWEEN_LINES: Final = 5.0


@dataclass(frozen=True, slots=True)
class Version:
    """A version of the archive: a part of one is no part of another."""

    size: int
    etag: str | None


def fetch(out: Path) -> Path:
    """Fetch the archive into a folder and unpack it there; what is there is not fetched again.

    Args:
        out: The folder; made if it is not there.

    Returns:
        The folder, which ``load`` takes.

    Raises:
        FetchError: The archive could not be fetched whole; call again to go on.
        UnsafeArchiveError: It holds members that would leave the folder.
        SourceDamagedError: It cannot be unpacked.
    """
    out.mkdir(parents=True, exist_ok=True)
    archive = out / Path(ARCHIVE).name
    store = _store()
    try:
        meta = obstore.head(store, ARCHIVE)
        version = Version(meta["size"], meta["e_tag"])
        if not archive.exists() or _noted(archive) != version:
            _download(store, archive, version)
    except (BaseError, FileNotFoundError) as error:
        raise FetchError(_sentence(error)) from error
    _unpack(archive, out, version)
    return out


def _store() -> S3Store:
    endpoint = os.environ.get(ENDPOINT_VARIABLE)
    if not endpoint:
        return S3Store(BUCKET, region=REGION, skip_signature=True)
    return S3Store(
        BUCKET,
        region=REGION,
        skip_signature=True,
        endpoint=endpoint,
        client_options={"allow_http": endpoint.startswith("http://")},
    )


def _download(store: S3Store, archive: Path, version: Version) -> None:
    part = archive.with_name(archive.name + ".part")
    if _noted(part) != version:
        part.unlink(missing_ok=True)
        _note(part, version)
    start = part.stat().st_size if part.exists() else 0
    if start:
        logger.info("going on at %s of %s bytes", f"{start:,}", f"{version.size:,}")
    with part.open("ab") as file:
        last_line = time.monotonic()
        while start < version.size:
            end = min(start + RANGE_BYTES, version.size)
            content = obstore.get(
                store, ARCHIVE, options={"range": (start, end), "if_match": version.etag}
            ).bytes()
            if len(content) != end - start:
                raise FetchError(
                    f"{ARCHIVE}: the server sent {len(content)} of {end - start} bytes"
                )
            file.write(content)
            file.flush()
            start = end
            if time.monotonic() - last_line > SECONDS_BETWEEN_LINES:
                last_line = time.monotonic()
                logger.info("%s of %s bytes", f"{start:,}", f"{version.size:,}")
    if part.stat().st_size != version.size:
        part.unlink()
        raise FetchError(f"{part} grew beyond the archive's {version.size:,} bytes; fetch again")
    part.rename(archive)
    _note(archive, version)
    _note_of(part).unlink(missing_ok=True)


def _unpack(archive: Path, out: Path, version: Version) -> None:
    note = out / _UNPACKED
    if _is_unpacked(note, out, version):
        logger.info("%s is unpacked already", archive)
        return
    note.unlink(missing_ok=True)
    unpacking = out / ".unpacking"
    shutil.rmtree(unpacking, ignore_errors=True)
    sizes = _extract(archive, unpacking)
    for folder in {Path(name).parts[0] for name in sizes}:
        shutil.rmtree(out / folder, ignore_errors=True)
        (unpacking / folder).replace(out / folder)
    shutil.rmtree(unpacking)
    note.write_text(json.dumps({"version": asdict(version), "sizes": sizes}), encoding="utf-8")


def _extract(archive: Path, folder: Path) -> dict[str, int]:
    """Unpack in one pass, to the last byte so that the checksum is verified; return the sizes."""
    sizes: dict[str, int] = {}
    with naming_damage(str(archive)), gzip.open(archive) as stream:
        with tarfile.open(fileobj=stream, mode="r|") as content:
            for member in safe_members(content, str(archive)):
                # Only bytes of files are written; Python before 3.11.4 has no extraction filters.
                file = content.extractfile(member)
                if file is not None:
                    target = folder / member.name
                    target.parent.mkdir(parents=True, exist_ok=True)
                    with target.open("wb") as unpacked:
                        shutil.copyfileobj(file, unpacked, RANGE_BYTES)
                    sizes[member.name] = member.size
        while stream.read(RANGE_BYTES):
            pass
    return sizes


def _is_unpacked(note: Path, out: Path, version: Version) -> bool:
    try:
        noted = json.loads(note.read_text(encoding="utf-8"))
        return noted["version"] == asdict(version) and all(
            (out / name).stat().st_size == size for name, size in noted["sizes"].items()
        )
    except (OSError, ValueError, KeyError, TypeError):
        return False


def _note_of(path: Path) -> Path:
    return path.with_name(path.name + ".version.json")


def _note(path: Path, version: Version) -> None:
    _note_of(path).write_text(json.dumps(asdict(version)), encoding="utf-8")


def _noted(path: Path) -> Version | None:
    try:
        return Version(**json.loads(_note_of(path).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None


def _sentence(error: BaseError | FileNotFoundError) -> str:
    where = f"s3://{BUCKET}/{ARCHIVE}"
    if isinstance(error, FileNotFoundError):
        return f"{where} is not there; set {ENDPOINT_VARIABLE} if a mirror has it"
    if isinstance(error, PreconditionError):
        return f"{where} changed while it was fetched; fetch again"
    reason = next((line.strip() for line in str(error).splitlines() if line.strip()), "")
    return f"{where} cannot be fetched ({reason[:200]}); try again, it goes on where it stopped"
