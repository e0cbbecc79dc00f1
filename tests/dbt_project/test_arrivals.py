"""Data that arrives in any order, is corrected or goes away: marts follow, build by build."""

import random
from collections.abc import Callable

import psycopg
import pytest

from tests.fixtures.dbt import Dbt, MakeDbt
from tests.fixtures.raw_world import CELL_FEATURES, Box, RawWorld

CHIPS = [6460 * 8192 + 3370, 1327 * 8192 + 3160, 6460 * 8192 + 3371]
MONTHS = [*range(201708, 201713), *range(201801, 201806)]
BUILDINGS = 12

pytestmark = pytest.mark.slow

OBSERVATIONS = """
    select chip_key, time_key, building_id, footprint_no from marts.fact_chip_observation
"""
BUILDING_LIVES = """
    select
        chip_key, building_id, first_seen, last_seen, demolished_in, months_observed,
        months_occluded, state
    from marts.dim_building
"""
CHIP_MONTHS = """
    select
        facts.chip_key, time_key, facts.building_count, appeared, revealed, reappeared, disappeared,
        demolished, occluded, open, known_count - features.building_count, known_count
    from marts.fact_chip_month as facts
    inner join features.chip_month as features
        on facts.chip_key = features.chip_key and facts.time_key = features.as_of
"""
CHANGES = "select chip_key, as_of, net_change_1 from features.chip_month"
CELLS = """
    select chip_key, time_key, cell_no, building_count, appeared, revealed
    from marts.fact_cell_month
"""
CELLS_KNOWN = f"""
    select chip_key, as_of, {CELL_FEATURES} from features.cell_month
"""
TABLES = {
    "marts": (
        "dim_aoi",
        "dim_chip",
        "dim_time",
        "dim_building",
        "dim_footprint",
        "fact_chip_observation",
        "fact_chip_month",
        "fact_cell_month",
    ),
    "features": ("cell_month", "cell_surroundings", "chip_month", "chip_target"),
}


def observe(rng: random.Random, world: RawWorld, chip_key: int, time_key: int) -> None:
    """See most of the chip's buildings in a month, some of them with another polygon."""

    def place(building_id: int) -> Box:
        moved = 8 if rng.random() < 0.05 else 0
        return (building_id * 83 % 1000 + moved, building_id * 271 % 1000)

    standing = range(min(BUILDINGS, 4 + MONTHS.index(time_key)))
    world.images[chip_key, time_key] = {
        building_id: place(building_id) for building_id in standing if rng.random() < 0.75
    }
    if rng.random() < 0.3:
        world.hidden.add((chip_key, time_key))


def first_months(rng: random.Random, world: RawWorld) -> None:
    for chip_key in CHIPS[:2]:
        for time_key in rng.sample(MONTHS[:-2], 6):
            observe(rng, world, chip_key, time_key)


def next_month(rng: random.Random, world: RawWorld) -> None:
    for chip_key in CHIPS[:2]:
        observe(rng, world, chip_key, MONTHS[-2])


def masks_come_and_go(rng: random.Random, world: RawWorld) -> None:
    """Nothing but masks changes: what is proven gone, and what was hidden, does."""
    world.hidden ^= set(rng.sample(sorted(world.images), 4))


def late_and_corrected_months(rng: random.Random, world: RawWorld) -> None:
    for chip_key in CHIPS[:2]:
        missing = [time for time in MONTHS[:-2] if (chip_key, time) not in world.images]
        observe(rng, world, chip_key, rng.choice(missing))
    corrected = rng.choice(sorted(world.images))
    observe(rng, world, *corrected)
    emptied = rng.choice(sorted(world.images))
    world.images[emptied] = {}


def gone_months_and_a_new_chip(rng: random.Random, world: RawWorld) -> None:
    for key in rng.sample(sorted(world.images), 2):
        del world.images[key]
    for time_key in rng.sample(MONTHS, 4):
        observe(rng, world, CHIPS[2], time_key)


def a_chip_goes_and_the_last_month_comes(rng: random.Random, world: RawWorld) -> None:
    for key in [key for key in world.images if key[0] == CHIPS[1]]:
        del world.images[key]
    observe(rng, world, CHIPS[0], MONTHS[-1])


STEPS: list[Callable[[random.Random, RawWorld], None]] = [
    first_months,
    next_month,
    masks_come_and_go,
    late_and_corrected_months,
    gone_months_and_a_new_chip,
    a_chip_goes_and_the_last_month_comes,
]


def write(dbt: Dbt, world: RawWorld) -> None:
    with psycopg.connect(dbt.conninfo) as connection:
        world.write(connection)


def expect(dbt: Dbt, world: RawWorld, step: str) -> None:
    assert set(dbt.rows(OBSERVATIONS)) == world.expected_observations(), step
    assert set(dbt.rows(BUILDING_LIVES)) == world.expected_buildings(), step
    assert set(dbt.rows(CHIP_MONTHS)) == world.expected_chip_months(), step
    assert set(dbt.rows(CHANGES)) == world.expected_changes(), step
    assert set(dbt.rows(CELLS)) == world.expected_cells(), step
    assert set(dbt.rows(CELLS_KNOWN)) == world.expected_cell_features(), step


def contents(dbt: Dbt) -> dict[str, list[tuple[object, ...]]]:
    """Return the rows of all marts and features, in order."""
    return {
        f"{schema}.{table}": dbt.rows(f"select t::text from {schema}.{table} as t order by 1")
        for schema, tables in TABLES.items()
        for table in tables
    }


@pytest.mark.parametrize("seed", [7])
def test_marts_follow_arrivals_in_any_order_and_equal_a_full_refresh(
    make_dbt: MakeDbt, seed: int
) -> None:
    rng, world, dbt = random.Random(seed), RawWorld(), make_dbt()
    for step in STEPS:
        step(rng, world)
        write(dbt, world)
        if step is late_and_corrected_months:
            # A run that ends half way is repaired by the next.
            dbt("run", "--select", "+int_footprint_histories", "+dim_footprint")
        dbt("run", "--exclude", "layers")
        expect(dbt, world, f"seed {seed}, {step.__name__}")
    followed = contents(dbt)
    # The ledger says that these are up to date; made anew, they are read again all the same.
    anew = ("fact_chip_observation", "int_footprint_histories", "fact_cell_month", "features")
    dbt("run", "--full-refresh", "--select", *anew)
    assert contents(dbt) == followed
    dbt("run", "--full-refresh")
    assert contents(dbt) == followed


def test_masks_alone_take_a_proof_or_give_it_back_and_make_growth_a_revelation(
    make_dbt: MakeDbt,
) -> None:
    world, dbt = RawWorld(), make_dbt()
    left, right, below = (100, 100), (900, 100), (100, 500)
    for time_key in MONTHS[:6]:
        goes = {1: left} if time_key < MONTHS[3] else {}
        comes = {3: below} if time_key >= MONTHS[2] else {}
        world.images[CHIPS[0], time_key] = {2: right} | goes | comes
    states = "select state from marts.dim_building where building_id = 1"
    growth = f"""
        select
            (select array_agg(corrected_count order by time_key) from marts.fact_chip_month),
            (select net_change_1 from features.chip_month where as_of = {MONTHS[2]}),
            (select sum(net_change) from features.chip_target where horizon = 1),
            (select sum(appeared) from marts.fact_cell_month)
    """
    masked = {(CHIPS[0], MONTHS[month]) for month in (0, 1, 4)}
    clear = ("demolished", [2, 2, 3, 2, 2, 2], 1, 0, 1)
    clouded = ("open", [3, 3, 3, 3, 3, 3], 0, 0, 0)
    for hidden, (state, *grown) in ((set(), clear), (masked, clouded), (set(), clear)):
        world.hidden = hidden
        write(dbt, world)
        dbt("run", "--exclude", "layers")
        assert dbt.rows(states) == [(state,)]
        assert dbt.rows(growth) == [tuple(grown)]
        expect(dbt, world, state)


def test_the_fact_keeps_its_early_months_when_most_later_ones_change(make_dbt: MakeDbt) -> None:
    rng, world, dbt = random.Random(3), RawWorld(), make_dbt()
    for time_key in MONTHS[:6]:
        observe(rng, world, CHIPS[0], time_key)
    write(dbt, world)
    dbt("run", "--select", "+fact_chip_observation")
    for time_key in MONTHS[2:6]:  # far more than the share that has all be built anew
        observe(rng, world, CHIPS[0], time_key)
    write(dbt, world)
    dbt("run", "--select", "+fact_chip_observation")
    assert set(dbt.rows(OBSERVATIONS)) == world.expected_observations()


def test_the_fact_follows_chips_into_other_aois(make_dbt: MakeDbt) -> None:
    rng, world, dbt = random.Random(3), RawWorld(), make_dbt()
    for chip_key in CHIPS:
        for time_key in MONTHS[:3]:
            observe(rng, world, chip_key, time_key)
    write(dbt, world)
    dbt("run", "--select", "+fact_chip_observation")
    aois = "select distinct chip_key, aoi_key from marts.fact_chip_observation order by 1"
    derived = dbt.rows(aois)
    with psycopg.connect(dbt.conninfo) as connection:
        connection.execute(
            "insert into raw.aoi (name, load_id, polygon) select 'everywhere', max(load_id), "
            "'POLYGON((-179 -80, 179 -80, 179 80, -179 80, -179 -80))' from raw.load_run"
        )
    dbt("run", "--select", "+fact_chip_observation")
    assert {aoi_key for _, aoi_key in dbt.rows(aois)}.isdisjoint({key for _, key in derived})
    assert dbt.rows(aois) == dbt.rows("select chip_key, aoi_key from marts.dim_chip order by 1")
    assert set(dbt.rows(OBSERVATIONS)) == world.expected_observations()
