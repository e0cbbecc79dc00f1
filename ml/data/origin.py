"""Where the data come from: generated, the user's own, or both, as the ledger of loads tells it."""

from enum import StrEnum
from typing import Final

import psycopg


class DataKind(StrEnum):
    """What the warehouse holds."""

    GENERATED = "generated"
    OWN = "own"
    MIXED = "mixed"
    UNKNOWN = "unknown"
    """No ledger tells it: tables that no load filled."""


MIXED_DATA: Final = (
    "no training: the warehouse holds generated data beside your own, and a model of both would "
    "be a model of neither; withdraw the generated source (`python -m loaders forget NAME`)"
)

_IS_READABLE: Final = """
    select coalesce(
        has_schema_privilege('raw', 'usage')
        and has_table_privilege(to_regclass('raw.image'), 'select')
        and has_table_privilege(to_regclass('raw.load_run'), 'select'),
        false
    )
"""

_KINDS: Final = """
    select array_agg(distinct is_generated)
    from raw.load_run
    where load_id in (select load_id from raw.image)
"""


def data_kind(connection: psycopg.Connection) -> DataKind:
    """Tell what the images in the warehouse are, by the loads that brought them.

    Args:
        connection: As role trainer.
    """
    readable = connection.execute(_IS_READABLE).fetchone()
    found = connection.execute(_KINDS).fetchone() if readable and readable[0] else None
    match found and found[0]:
        case [True]:
            return DataKind.GENERATED
        case [False]:
            return DataKind.OWN
        case [_, _]:
            return DataKind.MIXED
        case _:
            return DataKind.UNKNOWN
