"""The store of packages: each is there whole or not at all, whatever is killed, and when.

A package is built in a store of its own beside it, written to the disk, and renamed into place.
"""

import fcntl
import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

SEAL: Final = "whole.sha256"
"""File of a package that holds the digest of all others; written last."""

_WORKSHOP: Final = "building"


@contextmanager
def workshop(home: Path) -> Iterator[Path]:
    """Hold the lock of packaging and yield an empty folder, which is gone afterwards.

    What a killed process left is removed: whoever holds the lock is alone.

    Args:
        home: ``BENTOML_HOME``.
    """
    home.mkdir(parents=True, exist_ok=True)
    with (home / "packaging.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        root = home / _WORKSHOP
        shutil.rmtree(root, ignore_errors=True)
        root.mkdir()
        try:
            yield Path(tempfile.mkdtemp(dir=root))
        finally:
            shutil.rmtree(root, ignore_errors=True)


def is_whole(package: Path) -> bool:
    """Tell whether every file of a package is there as it was built."""
    seal = package / SEAL
    return seal.is_file() and seal.read_text("utf-8") == digest(package)


def put(built: Path, package: Path) -> None:
    """Move a built package into place; what stands there, such as half of one, makes way.

    Args:
        built: On the same file system, in the workshop.
        package: Where it is to be.
    """
    write_whole(built / SEAL, digest(built))
    for path in (*built.rglob("*"), built):
        _sync(path)
    package.parent.mkdir(parents=True, exist_ok=True)
    if package.exists():
        package.rename(built.with_name(f"{built.name}.replaced"))
    built.rename(package)
    _sync(package.parent)


def write_whole(path: Path, text: str) -> None:
    """Write a file so that a reader, or the next start after a crash, finds the old or the new."""
    aside = path.with_name(f".{path.name}.new")
    with aside.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    aside.replace(path)
    _sync(path.parent)


def digest(folder: Path) -> str:
    """Return the digest of names and contents of the files below a folder.

    Left out are the seal and the bytecode that Python leaves when it runs the package.
    """
    found = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        if path.is_file() and path.name != SEAL and path.parent.name != "__pycache__":
            found.update(f"{path.relative_to(folder)}\0{path.stat().st_size}\0".encode())
            found.update(path.read_bytes())
    return found.hexdigest()


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
