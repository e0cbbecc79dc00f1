"""The part of ``requirements.lock`` that the service needs: versions and hashes, nothing else."""

import re
import tomllib
from importlib.metadata import distribution
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import NormalizedName, canonicalize_name

from serving.bento.errors import PackagingError

_PIN = re.compile(r"^([A-Za-z0-9._-]+)(?:\[[^\]]*\])?==")


def serving_lock(project: Path) -> str:
    """Return the blocks of the lock file that the extra ``serving`` of the project needs.

    Args:
        project: Folder of ``pyproject.toml`` and ``requirements.lock``.

    Raises:
        PackagingError: The lock file lacks a package that is needed.
    """
    declared = tomllib.loads((project / "pyproject.toml").read_text("utf-8"))
    wanted = declared["project"]["optional-dependencies"]["serving"]
    blocks = _blocks((project / "requirements.lock").read_text("utf-8"))
    names = _closure([Requirement(text) for text in wanted])
    missing = sorted(name for name in names if name not in blocks)
    if missing:
        raise PackagingError(f"requirements.lock lacks {', '.join(missing)}; run `make lock`")
    return "".join(blocks[name] for name in sorted(names))


def _blocks(text: str) -> dict[NormalizedName, str]:
    blocks: dict[NormalizedName, str] = {}
    name = None
    for line in text.splitlines(keepends=True):
        if match := _PIN.match(line):
            name = canonicalize_name(match[1])
        if name is not None:
            blocks[name] = blocks.get(name, "") + line
    return blocks


def _closure(requirements: list[Requirement]) -> set[NormalizedName]:
    """Follow the requirements of the installed packages, with the extras that are asked for."""
    seen: set[tuple[NormalizedName, str]] = set()
    waiting = [
        (requirement, extra) for requirement in requirements for extra in _extras(requirement)
    ]
    while waiting:
        requirement, extra = waiting.pop()
        name = canonicalize_name(requirement.name)
        if (name, extra) in seen:
            continue
        seen.add((name, extra))
        for text in distribution(requirement.name).requires or ():
            inner = Requirement(text)
            if inner.marker is None or inner.marker.evaluate({"extra": extra}):
                waiting += [(inner, wanted) for wanted in _extras(inner)]
    return {name for name, _ in seen}


def _extras(requirement: Requirement) -> list[str]:
    return ["", *sorted(requirement.extras)]
