"""A program that starts another one so that it ends with its parent.

Run by its path, before anything of the project is imported: ``python bound.py PROGRAM ...`` with
``SN7_PARENT`` the number of the process that starts it. The kernel kills what it becomes when that
process ends, however it ends, and signals of the terminal reach the parent alone, which decides.
"""

import ctypes
import os
import signal
import sys

PARENT_VARIABLE = "SN7_PARENT"

_PR_SET_PDEATHSIG = 1


def main(command: list[str]) -> None:
    """Become the program, bound to the parent."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    # The parent may have ended before the line above.
    if os.environ.pop(PARENT_VARIABLE) != str(os.getppid()):
        sys.exit(1)
    os.setpgid(0, 0)
    os.execv(command[0], command)  # noqa: S606 (handing over is the point)


if __name__ == "__main__":
    main(sys.argv[1:])
