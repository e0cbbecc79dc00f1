"""Two CSVs into scores: bad input gets the loader's words, order is nothing."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from loaders.by_chip import Lines
from scoring.errors import NoTruthError
from scoring.files.reading import Refused, read_chip
from scoring.files.tracker import score_files
from scoring.metric.options import Options
from scoring.metric.rows import Rows
from tests.fixtures.sources import CHIP, HEADER, OTHER_CHIP, Row, filename, line, row, square

BOW_TIE = "POLYGON ((0 0, 9 9, 9 0, 0 9, 0 0))"
WriteCsv = Callable[..., Path]


def read(*lines: str, end: str = "\n") -> tuple[Rows, list[Refused]]:
    text = "".join(line + end for line in lines)
    return read_chip([Lines(text.encode(), 2, len(lines))])


def test_each_polygon_is_kept_once() -> None:
    rows, refused = read(
        line(row(1, polygon=square(5))),
        line(row(1, "2018_02", polygon=square(5))),
        line(row(2, polygon=square(5))),
        line(row(3, polygon=square(6))),
    )
    assert len(rows.polygons) == 2
    assert rows.footprints[0] == rows.footprints[1] == rows.footprints[2] != rows.footprints[3]
    assert rows.time_keys.tolist() == [201801, 201802, 201801, 201801]
    assert rows.building_ids.tolist() == [1, 1, 2, 3]
    assert refused == []


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_an_empty_polygon_says_that_there_is_nothing(end: str) -> None:
    rows, refused = read(f"{filename()},0,POLYGON EMPTY", line(row(1)), end=end)
    assert rows.building_ids.tolist() == [1]
    assert refused == []


def test_a_bow_tie_is_a_prediction() -> None:
    rows, refused = read(line(row(1, polygon=BOW_TIE)))
    assert rows.building_ids.tolist() == [1]
    assert refused == []


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        (f'{filename()},x,"{square()}"', "id is not an integer: 'x'"),
        (f'{filename()},-1,"{square()}"', "id is negative: -1"),
        (f"{filename()},1", "wrong number of columns: 2 instead of 3"),
        (f'{filename()},1,"POINT (1 2)"', "geometry is no polygon: POINT"),
        (f'{filename()},1,"POLYGON ((0 0, 1 1"', "polygon is not well-known text"),
        (f'{filename()},1,"POLYGON ((0 0, 1 1, 2 0, 5 5))"', "ring is not closed"),
        (f'{filename()},1,"{square(9000)}"', "coordinate is far outside the chip"),
        (f'{filename()},1,"POLYGON ((0 0, nan 1, 1 0, 0 0))"', "coordinate is not finite"),
        (f'{filename()},1,"POLYGON Z ((0 0 1, 0 1 1, 1 0 1, 0 0 1))"', "polygon is not two-dim"),
        (f'{filename("2018_13")},1,"{square()}"', "filename names no month"),
        (f'{filename(chip="L15-0001E-0001N_6460_3370_13")},1,"{square()}"', "quad and tile"),
        ("", "line is empty"),
    ],
)
def test_a_line_that_is_no_row_gets_the_loaders_words_and_its_number(bad: str, reason: str) -> None:
    rows, refused = read(line(row(1)), bad, line(row(2)))
    assert rows.building_ids.tolist() == [1, 2]
    assert [found.line for found in refused] == [3]
    assert refused[0].reason.startswith(reason)


def test_of_an_id_that_stands_twice_in_a_month_the_first_is_kept() -> None:
    rows, refused = read(
        line(row(1, polygon=square(5))),
        line(row(1, polygon=square(50))),
        line(row(1, "2018_02", polygon=square(50))),
    )
    assert rows.time_keys.tolist() == [201801, 201802]
    assert rows.polygons[rows.footprints[0]].bounds[0] == 5
    assert refused == [Refused(3, "key was read before")]


def test_no_lines_are_no_rows() -> None:
    rows, refused = read_chip([])
    assert (len(rows), refused) == (0, [])
    rows, refused = read("")
    assert (len(rows), len(refused)) == (0, 1)


def shuffled(rows: list[Row], seed: int) -> list[Row]:
    return [rows[at] for at in np.random.default_rng(seed).permutation(len(rows))]


def town(chip: str, moved: float = 0) -> list[Row]:
    return [
        row(number, month, chip, square(20 * number + moved, 20))
        for month in ("2018_01", "2018_02")
        for number in range(5)
    ]


def test_chips_are_scored_by_name_whatever_the_order_of_lines(write_csv: WriteCsv) -> None:
    truth = [*town(CHIP), *town(OTHER_CHIP)]
    predicted = [*town(OTHER_CHIP, 1), *town(CHIP, 3)]
    in_order = score_files(write_csv(truth, "t"), write_csv(predicted, "p"), Options()).score
    mixed = score_files(
        write_csv(shuffled(truth, 1), "t"), write_csv(shuffled(predicted, 2), "p"), Options()
    ).score
    assert mixed.chips == in_order.chips
    assert list(in_order.chips) == [OTHER_CHIP, CHIP]
    assert [chip.track_tp for chip in in_order.chips.values()] == [10, 0]


def test_the_total_is_the_mean_over_chips_of_the_truth(write_csv: WriteCsv) -> None:
    truth = [*town(CHIP), row(9, "2018_02", CHIP, square(500)), *town(OTHER_CHIP)]
    predicted = [*town(CHIP), row(9, "2018_02", CHIP, square(500))]
    score = score_files(write_csv(truth, "t"), write_csv(predicted, "p"), Options()).score
    assert [chip.scot for chip in score.chips.values()] == [0, 1]
    assert score.scot == 0.5
    other_way = score_files(write_csv(predicted, "p"), write_csv(truth, "t"), Options()).score
    assert list(other_way.chips) == [CHIP]
    assert other_way.scot == 1
    assert other_way.unscored == 10


def test_refused_lines_are_counted_by_reason_and_the_first_is_named(
    write_csv: WriteCsv, tmp_path: Path
) -> None:
    predictions = tmp_path / "p.csv"
    bad = ["nonsense", f'{filename()},x,"{square()}"', f'{filename()},y,"{square()}"']
    predictions.write_text("\n".join([HEADER, line(row(1)), *bad, ""]), encoding="utf-8")
    score = score_files(write_csv([row(1)], "t"), predictions, Options())
    (refusal,) = score.refusals
    assert refusal.path == predictions
    assert refusal.by_reason == {"id is not an integer": 2, "wrong number of columns": 1}
    assert refusal.first.line == 3


def test_without_truth_nothing_is_scored(write_csv: WriteCsv) -> None:
    with pytest.raises(NoTruthError, match="no polygon of 4 square pixels or more"):
        score_files(write_csv([], "t"), write_csv([row(1)], "p"), Options())


def test_matches_are_handed_out_chip_by_chip(write_csv: WriteCsv) -> None:
    seen = {}
    score_files(
        write_csv([*town(CHIP), *town(OTHER_CHIP)], "t"),
        write_csv(town(CHIP), "p"),
        Options(),
        on_chip=lambda chip_id, chip: seen.update({chip_id: chip.matched.frame().height}),
    )
    assert seen == {CHIP: 10, OTHER_CHIP: 10}
