"""What a user is told of what could not be loaded, in sentences."""

import shlex
from collections import Counter
from typing import Final

from loaders.raw.store import Changes

NAMES_SHOWN: Final = 3


def warnings_of(changes: Changes, *, unnamed_rows: int) -> tuple[str, ...]:
    """Say what a load left as it was, and what it could not bring whole.

    Args:
        changes: What it did.
        unnamed_rows: Rejected rows and files of which nobody knows the image.
    """
    warnings = []
    if changes.lost:
        warnings.append(
            f"nothing of {_named(changes.lost, 'image')} could be read; what the warehouse had of "
            "it stays"
        )
    if changes.unnamed:
        warnings.append(
            f"{counted(changes.unnamed, 'image')} that the source does not name stayed, since it "
            f"has {counted(unnamed_rows, 'rejected row')} of which nobody knows the image"
        )
    if changes.shrunk:
        warnings.append(
            f"{_named(changes.shrunk, 'image')} lost rows, since some of the new ones were rejected"
        )
    if changes.lost_masks:
        warnings.append(
            f"nothing of {counted(changes.lost_masks, 'mask')} could be read; what the warehouse "
            "had of it stays"
        )
    return (*warnings, *other_versions_left(changes.other_versions))


def other_versions_left(other_versions: dict[str, int]) -> tuple[str, ...]:
    """Say which images left though another source has them in a version of its own."""
    return tuple(
        f"{counted(count, 'image')} left that {source} has in a version of its own; load it again "
        "to bring that back"
        for source, count in other_versions.items()
    )


def refusal_of(source: str, load_id: int, reasons: Counter[str]) -> str:
    """Say why nothing of a source was loaded."""
    if not reasons:
        return (
            f"{source} has no rows, but the warehouse has images of it; nothing was changed; to "
            f"take them out: python -m loaders forget {shlex.quote(source)}"
        )
    ((reason, count),) = reasons.most_common(1)
    return (
        f"none of the {reasons.total():,} rows of {source} can be loaded ({count:,}: "
        f"{reason}); nothing was changed; look at raw.rejected_row where load_id = {load_id}, "
        "mend the source and load it again"
    )


def _named(filenames: list[str], noun: str) -> str:
    shown = ", ".join(filenames[:NAMES_SHOWN])
    more = ", ..." if len(filenames) > NAMES_SHOWN else ""
    return f"{counted(len(filenames), noun)} ({shown}{more})"


def counted(number: int, noun: str) -> str:
    """Return a number with what it counts, in the plural where it is not one."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
