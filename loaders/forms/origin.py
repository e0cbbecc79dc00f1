"""Whether data are generated or the user's own, told by the file that the generator leaves."""

from pathlib import Path
from typing import Final

MARKER: Final = "synthesis.json"
"""Stands in the folder that ``synthetic`` wrote, which may not be imported here."""
FOLDERS_ABOVE: Final = 3
"""A label file lies so deep below that folder: ``train/<chip>/labels``."""


def is_generated(path: Path) -> bool:
    """Tell whether a file or folder is of a generated data set."""
    folders = (path, *path.parents)[: FOLDERS_ABOVE + 1]
    return path.is_absolute() and any((folder / MARKER).is_file() for folder in folders)
