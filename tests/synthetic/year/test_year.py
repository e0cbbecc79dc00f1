"""A generated data set cut into the deliveries of a year, each with what befalls it."""

import gzip
import json
import zlib
from pathlib import Path

import polars as pl
import pytest

from synthetic.year.cutting import NEW_IDS, Months, before, boomed, clouded, corrected
from synthetic.year.plan import EXTRA, MONTHS, Disturbance, Year


@pytest.fixture(scope="module")
def months(sample: Path) -> Months:
    return Months.read(sample)


@pytest.fixture
def inbox(tmp_path: Path) -> Path:
    return tmp_path


def delivered(inbox: Path) -> pl.DataFrame:
    files = [path for path in inbox.rglob("*.csv") if not path.name.startswith(".")]
    return pl.concat([pl.read_csv(path) for path in sorted(files)])


def test_history_and_twelve_months_arrive_in_order_with_all_that_can_go_wrong(
    months: Months,
) -> None:
    events = Year(months).events()

    assert sorted({event.month for event in events}) == list(range(MONTHS + 1))
    assert [event.month for event in events] == sorted(event.month for event in events)
    disturbed = {event.disturbance for event in events}
    assert disturbed == {Disturbance.NONE, Disturbance.RESTART, Disturbance.KILL}
    assert [event.month for event in events if not event.is_news] == [3]


def test_a_year_delivers_every_row_that_no_fault_takes(months: Months, inbox: Path) -> None:
    for event in Year(months).events():
        event.deliver(inbox)

    found = delivered(inbox)
    original = found.filter(pl.col("id") < NEW_IDS).unique(["filename", "id"])
    hidden = len(months.rows) - len(original)
    seventh = len(months.of(months.names[-MONTHS + 6]))  # is packed
    cloudy = len(months.of(months.names[-MONTHS + 1]))
    assert seventh < hidden < seventh + cloudy
    packed = gzip.decompress((inbox / f"{months.names[-MONTHS + 6]}.csv.gz").read_bytes())
    assert len(pl.read_csv(packed)) == seventh
    assert not (inbox / EXTRA).exists()


def test_the_file_that_ends_early_cannot_be_unpacked(months: Months, inbox: Path) -> None:
    [corrupt] = [event for event in Year(months).events() if "ends early" in event.what]
    corrupt.deliver(inbox)
    [path] = inbox.glob("*.gz")

    with pytest.raises((EOFError, zlib.error)):
        gzip.decompress(path.read_bytes())


def test_clouds_hide_what_their_masks_cover(months: Months, inbox: Path) -> None:
    rows = months.of(months.names[-2])

    seen = clouded(rows, inbox)

    masks = list(inbox.rglob("*_UDM.geojson"))
    chips = rows["chip"].unique().sort().to_list()
    assert len(masks) == len(chips[::2])
    clear = seen.filter(pl.col("chip").is_in(chips[1::2]))
    assert len(clear) == len(rows.filter(pl.col("chip").is_in(chips[1::2])))
    assert len(seen) < len(rows)
    [ring] = json.loads(masks[0].read_text())["features"][0]["geometry"]["coordinates"]
    west, east = ring[0][0], ring[1][0]
    assert east - west == pytest.approx(360 / 8192 / 2)


def test_a_correction_drops_a_few_rows(months: Months) -> None:
    rows = months.of(months.names[-3])

    assert 0.95 * len(rows) < len(corrected(rows, seed=1)) < len(rows)


def test_a_boom_adds_more_each_month_and_keeps_what_it_added(months: Months) -> None:
    rows = months.of(months.names[-1])
    first, second = (boomed(rows, of, seed=1).filter(pl.col("id") >= NEW_IDS) for of in (1, 2))

    assert len(second) == 2 * len(first) > 12 * rows["chip"].n_unique()
    kept = first.join(second, on=["filename", "id", "geometry"], how="semi")
    assert len(kept) == len(first)


def test_the_other_source_has_a_month_of_its_own(months: Months) -> None:
    extra = before(months)

    assert extra["filename"].n_unique() == 1
    assert extra["filename"][0] not in set(months.rows["filename"])
