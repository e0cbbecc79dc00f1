"""The folder of Markdown that the site is built from: our pages, copied, and the generated ones.

Pages lie in the project's folders and link to one another there, so that they read on any host of
Git. In the site a page of the project's root or of a folder lies below ``project/``.
"""

import re
import shutil
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from posixpath import normpath, relpath
from typing import Final

from warehouse.connection.settings import PROJECT_ROOT

_LINK = re.compile(r"(?P<sign>!?)\[(?P<text>[^\]]*)\]\((?P<target>[^)\s]+)\)")
_FENCE = re.compile(r"(^```.*?^```$)", re.MULTILINE | re.DOTALL)

NO_PAGES: Final = {"site", "images"}
"""Folders of ``docs`` without pages of their own."""


def copy_pages(tree: Path, root: Path = PROJECT_ROOT) -> list[str]:
    """Copy every page, its links turned to where they lead in the site, and all images.

    Args:
        tree: The folder that the site is built from.
        root: The project.

    Returns:
        The pages, as paths within ``tree``.
    """
    places = dict(_places(root))
    for source, place in places.items():
        text = (root / source).read_text("utf-8")
        target = tree / place
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(_turned(text, PurePosixPath(source), places), encoding="utf-8")
    shutil.copytree(root / "docs" / "images", tree / "images", dirs_exist_ok=True)
    for style in (root / "docs" / "tools").glob("*.qml"):
        shutil.copy(style, tree / "tools" / style.name)
    return sorted(places.values())


def _places(root: Path) -> Iterator[tuple[str, str]]:
    """Each page of the project and where it lies in the site."""
    for path in sorted((root / "docs").rglob("*.md")):
        inside = path.relative_to(root / "docs")
        if inside.parts[0] not in NO_PAGES:
            yield f"docs/{inside.as_posix()}", inside.as_posix()
    for name in ("README.md", "CHANGELOG.md", "CONTRIBUTING.md"):
        yield name, f"project/{name.lower()}"
    for path in sorted(root.glob("*/README.md")):
        if path.parent.name not in {"docs", "tests"}:
            yield path.relative_to(root).as_posix(), f"project/{path.parent.name}.md"


def _turned(text: str, source: PurePosixPath, places: dict[str, str]) -> str:
    """Turn the links of a page; what is no page of the site stays as words."""

    def turn(match: re.Match[str]) -> str:
        target, _, anchor = match["target"].partition("#")
        if not target or re.match(r"[a-z]+:", target):
            return match[0]
        there = normpath(source.parent / target)
        if there.startswith("docs/images/") or there.endswith(".qml"):
            place = there.removeprefix("docs/")
        elif there in places:
            place = places[there]
        elif f"{there}/README.md" in places:
            place = places[f"{there}/README.md"]
        else:
            return match["text"]
        way = relpath(place, str(PurePosixPath(places[str(source)]).parent))
        return f"{match['sign']}[{match['text']}]({way}{'#' if anchor else ''}{anchor})"

    parts = _FENCE.split(text)
    return "".join(part if part.startswith("```") else _LINK.sub(turn, part) for part in parts)
