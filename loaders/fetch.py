"""The public archive of SpaceNet 7's labels from S3, without credentials.

Fetched range by range into a ``.part`` file beside a note of its entity tag, so that a broken
fetch goes on where it stopped and never joins two versions. Unpacked through tarfile's ``data``
filter, into a folder of its own that takes its final name when all is there.
"""

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
from obstore.exceptions import BaseError, NotFoundError, PreconditionError
from obstore.store import S3Store

from loaders.archives import check_member, naming_damage
from loaders.errors import FetchError

logger = logging.getLogger(__name__)

BUCKET: Final = "spacenet-dataset"
REGION: Final = "us-east-1"
ARCHIVE: Final = "spacenet/SN7_buildings/tarballs/SN7_buildings_train_csvs.tar.gz"
ENDPOINT_VARIABLE: Final = "SN7_S3_ENDPOINT"
"""Environment variable with another S3-compatible server, such as a mirror."""

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
    except BaseError as error:
        raise FetchError(_sentence(error)) from error
    _unpack(archive, out)
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


def _unpack(archive: Path, out: Path) -> None:
    unpacking = out / ".unpacking"
    shutil.rmtree(unpacking, ignore_errors=True)
    names: set[str] = set()
    with naming_damage(str(archive)), tarfile.open(archive) as content:
        members = content.getmembers()
        for member in members:
            check_member(member, str(archive))
            names.add(Path(member.name).parts[0])
        if all(_is_unpacked(member, out) for member in members):
            logger.info("%s is unpacked already", archive)
            return
        content.extractall(unpacking, members=members, filter="data")
    for name in names:
        shutil.rmtree(out / name, ignore_errors=True)
        (unpacking / name).rename(out / name)
    unpacking.rmdir()


def _is_unpacked(member: tarfile.TarInfo, out: Path) -> bool:
    path = out / member.name
    return (
        path.is_dir() if member.isdir() else path.is_file() and path.stat().st_size == member.size
    )


def _note_of(path: Path) -> Path:
    return path.with_name(path.name + ".version.json")


def _note(path: Path, version: Version) -> None:
    _note_of(path).write_text(json.dumps(asdict(version)), encoding="utf-8")


def _noted(path: Path) -> Version | None:
    try:
        return Version(**json.loads(_note_of(path).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None


def _sentence(error: BaseError) -> str:
    where = f"s3://{BUCKET}/{ARCHIVE}"
    if isinstance(error, NotFoundError):
        return f"{where} is not there; set {ENDPOINT_VARIABLE} if a mirror has it"
    if isinstance(error, PreconditionError):
        return f"{where} changed while it was fetched; fetch again"
    reason = next((line.strip() for line in str(error).splitlines() if line.strip()), "")
    return f"{where} cannot be fetched ({reason[:200]}); try again, it goes on where it stopped"
