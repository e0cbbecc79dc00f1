"""What leaves ``raw``: the images and masks that a source gives up, or all of a source."""

from collections.abc import Collection
from dataclasses import dataclass, field

import psycopg

from loaders.assembly.chips import ImageKey
from loaders.raw import images as settling
from loaders.raw import ledger
from loaders.raw.claims import claims_of, drop_claims, other_versions
from loaders.raw.layout import TRUTH, Layout
from loaders.raw.masks import drop_masks, masks_of, settle_areas


@dataclass(frozen=True, slots=True)
class Withdrawn:
    """What left the warehouse.

    Attributes:
        images: Images that went; those that another source has in the same version stayed.
        other_versions: By source, how many of them it has in a version of its own, which comes
            back when it is loaded again.
    """

    images: list[ImageKey] = field(default_factory=list)
    other_versions: dict[str, int] = field(default_factory=dict)


def give_up_images(
    connection: psycopg.Connection, layout: Layout, source: str, keys: Collection[ImageKey]
) -> Withdrawn:
    """Take out images that a source no longer has, and the footprints that nobody else uses."""
    if layout.is_truth:
        drop_claims(connection, source, keys)
    gone = settling.delete_unclaimed(connection, layout, keys)
    settling.delete_orphans(connection, layout, gone)
    versions = other_versions(connection, gone) if layout.is_truth else {}
    return Withdrawn(gone, versions)


def take_out(connection: psycopg.Connection, source: str, *, message: str) -> Withdrawn:
    """Take out all that a source brought, within the caller's transaction.

    Args:
        connection: Within a transaction that holds the lock of loading.
        source: Its identity; it is in the ledger.
        message: Why, for the ledger.
    """
    load_id = ledger.note_forgotten(connection, source, message=message)
    drop_masks(connection, source, masks_of(connection, source))
    settle_areas(connection, load_id)
    return _give_up_all(connection, TRUTH, source, load_id)


def take_out_tracker(connection: psycopg.Connection, layout: Layout, *, message: str) -> Withdrawn:
    """Take out all predictions of a tracker, within the caller's transaction.

    Args:
        connection: Within a transaction that holds the lock of loading.
        layout: The tracker's; it is in the ledger.
        message: Why, for the ledger.
    """
    load_id = ledger.note_forgotten(connection, None, tracker=layout.tracker, message=message)
    return _give_up_all(connection, layout, "", load_id)


def _give_up_all(
    connection: psycopg.Connection, layout: Layout, source: str, load_id: int
) -> Withdrawn:
    images = claims_of(connection, layout, source)
    withdrawn = give_up_images(connection, layout, source, images)
    ledger.note_removed(connection, load_id, images=len(withdrawn.images))
    return withdrawn
