"""The page's files, read once: in ``page/``, and MapLibre's from its wheel or from the package."""

import functools
import gzip
import hashlib
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Final

PAGE: Final = Path(__file__).parent / "page"
"""What we wrote; all of it is sent as it stands, but for ``index.html``."""

VENDOR: Final = Path(__file__).parent / "vendor"
"""In a package: the files of MapLibre, without the wheel that brings them elsewhere."""

MAPLIBRE: Final = ("maplibre-gl.js", "maplibre-gl.css")
INDEX: Final = "index.html"
FIRST_ASKED: Final = ("aois?limit=1000", "chips?limit=1000", "months")
"""What the page asks for at once, as ``page/main.js`` writes it: fetched beside the modules."""

_TYPES: Final = {
    ".js": "text/javascript",
    ".css": "text/css",
    ".json": "application/json",
    ".svg": "image/svg+xml",
}


@dataclass(frozen=True, slots=True)
class PageFile:
    """A file of the page.

    Attributes:
        media_type: As it is sent.
        zipped: Its contents, gzipped.
    """

    media_type: str
    zipped: bytes


@dataclass(frozen=True, slots=True)
class Page:
    """The page and all it needs.

    Attributes:
        version: Digest of all files; part of their addresses, so that they may be kept for good.
        html: The page.
        files: By name, relative to the folder of the version.
    """

    version: str
    html: bytes
    files: dict[str, PageFile]


def maplibre_folder() -> Path:
    """Return where MapLibre's files lie.

    Raises:
        FileNotFoundError: Neither the package nor the wheel ``maplibre`` has them.
    """
    if VENDOR.is_dir():
        return VENDOR
    found = find_spec("maplibre")  # found, not imported: it would bring pydantic models of styles
    if found is None or found.origin is None:
        raise FileNotFoundError("MapLibre is not there: install the wheel maplibre")
    return Path(found.origin).parent / "srcjs"


@functools.cache
def page() -> Page:
    """Read and zip all files."""
    paths = {
        str(path.relative_to(PAGE)): path
        for path in sorted(PAGE.rglob("*"))
        if path.is_file() and path.name != INDEX
    } | {name: maplibre_folder() / name for name in MAPLIBRE}
    contents = {name: path.read_bytes() for name, path in paths.items()}
    index = (PAGE / INDEX).read_text("utf-8")
    version = _digest([index.encode(), *contents.values()])
    files = {name: PageFile(_type_of(name), _zipped(data)) for name, data in contents.items()}
    return Page(version, _html(index, f"map/{version}", sorted(files)).encode(), files)


def _html(index: str, assets: str, names: list[str]) -> str:
    modules = [
        f'<link rel="modulepreload" href="{assets}/{name}">'
        for name in names
        if name.endswith(".js") and name not in MAPLIBRE
    ]
    asked = [
        f'<link rel="preload" as="fetch" href="{address}" crossorigin="anonymous">'
        for address in (*FIRST_ASKED, f"{assets}/data/land.json")
    ]
    return index.replace("{assets}", assets).replace("{preloads}", "\n".join(modules + asked))


def _digest(parts: list[bytes]) -> str:
    digest = hashlib.blake2b(digest_size=6)
    for part in parts:
        digest.update(part)
    return digest.hexdigest()


def _type_of(name: str) -> str:
    return _TYPES[Path(name).suffix]


def _zipped(data: bytes) -> bytes:
    return gzip.compress(data, 9, mtime=0)
