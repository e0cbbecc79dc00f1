"""Limits of a load: of rejected rows, and of memory.

What Polars cannot allocate ends the process at once, so that no error could be caught: too low a
limit of memory is told before anything large is imported, and nothing large is imported here.
"""

import os
import resource
from typing import Final

from loaders.errors import MemoryLimitError

REJECT_LIMIT: Final = 100_000
"""Rejected rows that a source may have, unless the user allows more."""
DATA_BYTES: Final = 1_000_000_000
"""Of RLIMIT_DATA; the full data set takes some 400 MB, and allocators reserve more."""
ADDRESS_BYTES: Final = 2_000_000_000
"""Of RLIMIT_AS, which counts what is only mapped: libraries, stacks, the allocators' arenas."""
ADDRESS_BYTES_PER_CORE: Final = 300_000_000
"""Every core has a thread of Polars, with a stack and an arena of its own."""


def require_memory() -> None:
    """Refuse to begin where the process may not have the memory that a load takes.

    Raises:
        MemoryLimitError: A limit of the process is too low; the message says which and how much.
    """
    address_bytes = ADDRESS_BYTES + ADDRESS_BYTES_PER_CORE * (os.cpu_count() or 1)
    for name, kind, option, needed in (
        ("address space", resource.RLIMIT_AS, "ulimit -v", address_bytes),
        ("data segment", resource.RLIMIT_DATA, "ulimit -d", DATA_BYTES),
    ):
        limit, _ = resource.getrlimit(kind)
        if limit != resource.RLIM_INFINITY and limit < needed:
            raise MemoryLimitError(
                f"the {name} of this process is limited to {limit / 1e6:,.0f} MB, but a load may "
                f"take {needed / 1e6:,.0f} MB; raise the limit ({option}) and run it again"
            )


def out_of_memory(error: BaseException) -> MemoryLimitError | None:
    """Return what a user can do about an error that says that memory has run out, else None."""
    said = f"{type(error).__name__}: {error}".lower()
    signs = ("memoryerror", "out of memory", "memory allocation", "can't start new thread")
    if any(sign in said for sign in signs):
        return MemoryLimitError(
            "the machine, or a limit of this process, has no memory left for the load; nothing "
            "was changed; give it more and run the same command again"
        )
    return None
