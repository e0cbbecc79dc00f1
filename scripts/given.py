"""Become the program given here, with the words of ARGS after its arguments.

ARGS is split as a shell would, quotes included, and nothing of it is run: no `$`, no `;`, no `*`.
"""

import os
import shlex
import sys

try:
    words = shlex.split(os.environ.pop("ARGS", ""))
except ValueError as error:
    sys.exit(f"error: ARGS cannot be split into words ({error}); expected balanced quotes")
os.execv(sys.argv[1], [*sys.argv[1:], *words])  # noqa: S606
