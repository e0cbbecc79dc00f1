"""What a load costs grows with what it reads: counted, not timed."""

import json
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from loaders.errors import TooManyRejectedError
from loaders.load import load
from loaders.raw import copying, images, rejects
from loaders.raw.layout import TRUTH
from loaders.raw.rejects import ROWS_OF_REFUSED
from tests.fixtures.sources import CHIP, HEADER, OTHER_CHIP, Raw, Row, filename, line, row, square

WriteCsv = Callable[..., Path]


def rows_looked_at(plan: dict[str, Any]) -> int:
    """Rows that a plan's nodes gave or threw away, of all their repetitions."""
    own = plan["Actual Rows"] + sum(
        number for name, number in plan.items() if name.startswith("Rows Removed")
    )
    return int(own * plan["Actual Loops"]) + sum(map(rows_looked_at, plan.get("Plans", [])))


def squares(chip: str, months: Iterable[str]) -> Iterator[Row]:
    for month in months:
        for n in range(1_500):
            yield row(n, month, chip, square(n % 100 * 10, n // 100 * 10))


@pytest.mark.parametrize("is_known", [True, False])
def test_footprints_that_nobody_uses_are_found_in_linear_time(
    raw: Raw, write_csv: WriteCsv, monkeypatch: pytest.MonkeyPatch, is_known: bool
) -> None:
    """A chip that the statistics do not know must not make a row be compared with every other."""
    load(write_csv(squares(OTHER_CHIP, ["2018_01"]), "other.csv"))
    if not is_known:
        monkeypatch.setattr(images, "refresh_statistics", lambda *_, **__: None)
    months = ("2018_01", "2018_02", "2018_03")
    load(write_csv(squares(CHIP, months)))
    with psycopg.connect(raw.dsn) as connection:
        connection.execute("delete from raw.image_rows where time_key = 201803")
        query = TRUTH.compose(images.DELETE_ORPHANS)
        (plan,), *_ = connection.execute(
            TRUTH.compose("explain (analyze, format json) {query}", query=query),
            {"chip_keys": [6460 * 8192 + 3370]},
        ).fetchall()
        connection.rollback()
    rows = 1_500 * (2 + len(months))
    assert rows_looked_at(plan[0]["Plan"]) < 10 * rows, json.dumps(plan, indent=1)


def test_a_join_with_changed_images_goes_by_their_key(raw: Raw, write_csv: WriteCsv) -> None:
    """What is built on raw reads changed images alone, not all and then throws away."""
    months = [f"20{year}_{month:02}" for year in range(10, 18) for month in range(1, 13)]
    load(write_csv(row(n, month) for month in months for n in range(20)))
    with psycopg.connect(raw.dsn) as connection:
        (plan,), *_ = connection.execute(
            """
            explain (analyze, format json)
            with changed_images as (
                select chip_key, time_key from raw.image where time_key = 201407
            )
            select observation.building_id
            from raw.observation
            inner join changed_images using (chip_key, time_key)
            """
        ).fetchall()
    assert plan[0]["Plan"]["Actual Rows"] == 20
    assert rows_looked_at(plan[0]["Plan"]) < 200, json.dumps(plan, indent=1)


@pytest.fixture
def copies(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Bytes of each ``COPY`` into ``raw.rejected_row``."""
    found: list[int] = []
    copy_into = copying.copy_into

    def count(*arguments: Any) -> None:
        found.append(len(arguments[-1]))
        copy_into(*arguments)

    monkeypatch.setattr(rejects, "copy_into", count)
    return found


def test_unreadable_lines_are_written_many_at_a_time(
    raw: Raw, tmp_path: Path, copies: list[int]
) -> None:
    path = tmp_path / "labels.csv"
    path.write_text("\n".join([HEADER, line(row(1)), *["x"] * 25_000]) + "\n", encoding="utf-8")
    report = load(path)
    assert (report.rows_loaded, report.rows_rejected) == (1, 25_000)
    assert raw.query("select count(*), count(distinct line) from raw.rejected_row") == [
        (25_000, 25_000)
    ]
    assert len(copies) <= 4


def test_long_rejected_lines_do_not_wait_for_many(
    raw: Raw, tmp_path: Path, copies: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rejects, "CHARACTERS_AT_ONCE", 50_000)
    path = tmp_path / "labels.csv"
    lines = ["x" * 9_000] * 40
    path.write_text("\n".join([HEADER, line(row(1)), *lines]) + "\n", encoding="utf-8")
    assert load(path).rows_rejected == 40
    assert max(copies) < 100_000


@pytest.mark.parametrize("is_first", [True, False], ids=["empty", "full"])
def test_a_source_with_too_many_rejected_rows_is_stopped(
    raw: Raw, write_csv: WriteCsv, tmp_path: Path, is_first: bool
) -> None:
    if not is_first:
        load(write_csv([row(1)]))
    before = raw.rows()
    path = tmp_path / "bad.csv"
    lines = [line(row(n, polygon=square(n % 100))) for n in range(50)]
    path.write_text("\n".join([HEADER, *lines, *["x"] * 3_000]) + "\n", encoding="utf-8")
    with pytest.raises(TooManyRejectedError, match="more than 2,000 rows cannot be") as caught:
        load(path, reject_limit=2_000)
    assert "\n" not in str(caught.value)
    assert raw.rows() == before
    assert raw.query("select count(*) from raw.rejected_row") == [(ROWS_OF_REFUSED,)]
    assert raw.query("select state, message from raw.load_run order by load_id desc limit 1") == [
        ("failed", str(caught.value))
    ]
    assert load(path, reject_limit=3_000).rows_loaded == 50
    assert raw.is_consistent()


def test_no_rejected_row_may_be_asked_for(raw: Raw, tmp_path: Path) -> None:
    path = tmp_path / "labels.csv"
    path.write_text("\n".join([HEADER, line(row(1)), filename()]) + "\n", encoding="utf-8")
    with pytest.raises(TooManyRejectedError):
        load(path, reject_limit=0)
    assert raw.rows() == []
