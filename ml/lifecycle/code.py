"""Which code trains: the commit, whether it was changed since, and the libraries that count."""

import getpass
import subprocess
from dataclasses import dataclass
from importlib.metadata import version
from typing import Final

from warehouse.connection.settings import PROJECT_ROOT

LIBRARIES: Final = ("lightgbm", "numpy")
"""Those whose version may change a trained model's bytes."""


@dataclass(frozen=True, slots=True)
class Code:
    """The code at hand.

    Attributes:
        commit: Hash of the commit; none outside a checkout.
        changed: Files of ``ml`` differ from it.
        libraries: Versions, as ``lightgbm 4.7.0, numpy 2.3.0``.
    """

    commit: str | None
    changed: bool
    libraries: str

    @property
    def label(self) -> str:
        """A few signs for names; a plus says that the code was changed since the commit."""
        return f"{(self.commit or 'no commit')[:9]}{'+' if self.changed else ''}"

    @property
    def tags(self) -> dict[str, str]:
        """The code by MLflow's own names, and what may change a model's bytes beside it."""
        tags = {
            "mlflow.source.name": "python -m ml train",
            "mlflow.source.type": "LOCAL",
            "mlflow.user": getpass.getuser(),
            "libraries": self.libraries,
            "code_changed_since_commit": str(self.changed).lower(),
        }
        return tags | ({"mlflow.source.git.commit": self.commit} if self.commit else {})


def code_at_hand() -> Code:
    """Read commit and versions; git is asked only where there is a checkout."""
    libraries = ", ".join(f"{name} {version(name)}" for name in LIBRARIES)
    commit = _git("rev-parse", "HEAD") if (PROJECT_ROOT / ".git").exists() else None
    changed = bool(commit and _git("status", "--porcelain", "--", "ml"))
    return Code(commit=commit or None, changed=changed, libraries=libraries)


def _git(*arguments: str) -> str:
    try:
        done = subprocess.run(
            ["git", "-C", str(PROJECT_ROOT), *arguments],
            capture_output=True, text=True, check=False, timeout=10,
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""
