"""Old packages leave the store; the newest and the one in use stay."""

import shutil
from pathlib import Path

from serving.bento.packaging import LATEST, NAME
from warehouse.connection.settings import get_settings


def prune_bentos(keep: int) -> list[str]:
    """Remove all packages but the newest ones and the one that is served; return the removed tags.

    Args:
        keep: How many stay, at least one.
    """
    bentos = get_settings().bentoml / "bentos" / NAME
    latest = bentos / LATEST
    served = latest.read_text("utf-8").strip() if latest.is_file() else ""
    packages = sorted((path for path in bentos.glob("*") if path.is_dir()), key=_age, reverse=True)
    removed = [path for path in packages[max(keep, 1) :] if path.name != served]
    for path in removed:
        shutil.rmtree(path)
    return sorted(f"{NAME}:{path.name}" for path in removed)


def _age(path: Path) -> float:
    return path.stat().st_mtime
