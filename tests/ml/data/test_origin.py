"""Whether data are generated or own is told by the loads that brought the images."""

from pathlib import Path

from loaders.load import load
from ml.data.origin import DataKind, data_kind
from ml.lifecycle.run import train
from tests.fixtures.tables import write_world
from tests.fixtures.worlds import World
from warehouse.access import connect
from warehouse.connection.roles import Role


def kind() -> DataKind:
    with connect(role=Role.TRAINER) as connection:
        return data_kind(connection)


def test_without_a_ledger_the_kind_is_unknown(database: str) -> None:
    assert kind() is DataKind.UNKNOWN


def test_images_tell_their_kind_and_a_mixture_is_not_trained_on(
    database: str, generated_data: Path, world: World
) -> None:
    load(generated_data)
    assert kind() is DataKind.GENERATED
    with connect(role=Role.LOADER) as connection:
        connection.execute("update raw.load_run set is_generated = false")
    assert kind() is DataKind.OWN
    with connect(role=Role.LOADER) as connection:
        connection.execute(
            """
            insert into raw.load_run (source, source_kind, size_bytes, state, is_generated)
            values ('generated', 'folder', 0, 'loaded', true);
            update raw.image set load_id = (select max(load_id) from raw.load_run)
            where time_key = 201801
            """
        )
    assert kind() is DataKind.MIXED
    with connect() as connection:
        write_world(connection, world)
    report = train()
    assert not report.trained
    assert report.reason.startswith("no training: the warehouse holds generated data beside")
