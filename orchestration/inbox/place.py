"""Where the inbox is and what lies in it: a folder, or a bucket of S3, Azure or Google.

Each file and each folder at the top of the inbox is one source. Hidden files, and those whose
names say that somebody still writes them, are none.
"""

import hashlib
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Final

import obstore
from obstore.exceptions import BaseError
from obstore.store import LocalStore, ObjectStore, from_url

from loaders.terms.names import is_hidden
from orchestration.errors import InboxError
from warehouse.connection.settings import PROJECT_ROOT, get_settings

UNFINISHED: Final = (".part", ".partial", ".tmp", ".temp", ".crdownload", ".filepart", "~")
"""How browsers, rsync and the like end the name of a file that they still write."""

READ_AT_MOST_BYTES: Final = 256 * 2**20
"""More than that is not read to see whether it changed: the store's own word is taken for it."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A source that lies in the inbox.

    Attributes:
        name: Of its file or folder, at the top of the inbox.
        files: Path within the inbox, bytes and the store's tag of its version, by path.
    """

    name: str
    files: tuple[tuple[str, int, str], ...]

    @property
    def listing(self) -> str:
        """A digest of what the store says of its files; another one whenever they are written."""
        return hashlib.sha256(repr(self.files).encode()).hexdigest()

    @property
    def size_bytes(self) -> int:
        """Bytes of all its files."""
        return sum(size for _, size, _ in self.files)


@dataclass(frozen=True, slots=True)
class Inbox:
    """A place in which sources arrive.

    Attributes:
        address: The folder or the URL.
        folder: The folder; None where it is a bucket.
    """

    address: str
    folder: Path | None
    _store: ObjectStore

    def entries(self) -> dict[str, Entry]:
        """Return what lies in it, by name.

        Raises:
            InboxError: It is not there or does not answer.
        """
        files: dict[str, list[tuple[str, int, str]]] = {}
        try:
            for page in self._store.list():
                for found in page:
                    path = found["path"]
                    if not is_hidden(path) and not path.endswith(UNFINISHED):
                        version = str(found["e_tag"] or found["last_modified"])
                        files.setdefault(path.split("/")[0], []).append(
                            (path, found["size"], version)
                        )
        except (BaseError, OSError) as error:
            raise self._unreachable(error) from error
        return {name: Entry(name, tuple(sorted(found))) for name, found in sorted(files.items())}

    def digest(self, entry: Entry) -> str:
        """Return a digest of the names and the contents of an entry's files.

        Raises:
            InboxError: A file of it cannot be read.
        """
        if entry.size_bytes > READ_AT_MOST_BYTES:
            return entry.listing
        digest = hashlib.sha256()
        try:
            for path, size, _ in entry.files:
                digest.update(f"{path}\0{size}\0".encode())
                for chunk in obstore.get(self._store, path).stream():
                    digest.update(chunk)
        except (BaseError, OSError) as error:
            raise self._unreachable(error) from error
        return digest.hexdigest()

    def source_of(self, name: str) -> str:
        """Return the identity of an entry's source in the ledger of loads."""
        return f"{self.address}/{name}" if self.folder is None else str(self.folder / name)

    @contextmanager
    def at_hand(self, entry: Entry) -> Iterator[Path]:
        """Yield a path of the entry on this machine; what was fetched for it is removed again.

        Raises:
            InboxError: A file of it cannot be fetched.
        """
        if self.folder is not None:
            yield self.folder / entry.name
            return
        target = get_settings().data / "inbox"
        shutil.rmtree(target, ignore_errors=True)
        try:
            self._fetch(entry, target)
            yield target / entry.name
        finally:
            shutil.rmtree(target, ignore_errors=True)

    def _fetch(self, entry: Entry, target: Path) -> None:
        try:
            for path, _, _ in entry.files:
                if ".." in PurePosixPath(path).parts:
                    raise InboxError(f"{self.address}/{path} would leave its folder; rename it")
                (target / path).parent.mkdir(parents=True, exist_ok=True)
                with (target / path).open("wb") as file:
                    for chunk in obstore.get(self._store, path).stream():
                        file.write(chunk)
        except (BaseError, OSError) as error:
            raise self._unreachable(error) from error

    def _unreachable(self, error: Exception) -> InboxError:
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
        return InboxError(f"the inbox {self.address} (SN7_INBOX) cannot be read: {reason[:200]}")


def open_inbox() -> Inbox | None:
    """Return the inbox that ``SN7_INBOX`` names, or None.

    A bucket's credentials are those of its own tools: ``AWS_*``, ``AZURE_*``, ``GOOGLE_*``.

    Raises:
        InboxError: It is not there, or no address of a folder or bucket.
    """
    address = get_settings().inbox
    if address is None:
        return None
    if "://" in address:
        address = address.rstrip("/")
        try:
            return Inbox(address, None, from_url(address))
        except (BaseError, ValueError) as error:
            reason = (str(error).strip().splitlines() or ["no reason"])[0]
            raise InboxError(
                f"SN7_INBOX is {address!r}: {reason}; expected a folder, s3://, az:// or gs://"
            ) from error
    folder = (PROJECT_ROOT / Path(address).expanduser()).resolve()
    if not folder.is_dir():
        raise InboxError(
            f"the inbox {folder} (SN7_INBOX) is no folder; make it, or mount what holds it"
        )
    return Inbox(str(folder), folder, LocalStore(folder))
