import json
from pathlib import Path

import pytest

from benchmarks.contenders import CONTENDERS, OURS, UNIT, Contender, Kept
from benchmarks.errors import ResultsError
from benchmarks.results import DBT_START_UP, MODELS, MONTH_MODELS, Data, Step, read_results
from benchmarks.targets import TARGETS, judge
from tests.fixtures.measurements import results, run, step


def test_a_step_takes_the_median_of_its_runs() -> None:
    assert step(1.0, 9.0, 2.0).seconds == 2.0


def test_a_share_counts_start_up_once_and_the_rest_by_the_share() -> None:
    scaled = Step(label="x", share=0.1, runs=(run(5.0),), start_up=run(2.0))

    assert scaled.seconds == pytest.approx(2.0 + 3.0 / 0.1)


def test_a_start_up_slower_than_the_run_gives_no_negative_time() -> None:
    scaled = Step(label="x", share=0.1, runs=(run(1.0),), start_up=run(2.0))

    assert scaled.seconds == 1.0


def test_a_step_keeps_its_largest_peak() -> None:
    assert Step(label="x", runs=(run(1, peak=5), run(1, peak=9))).peak_bytes == 9


def test_ratios_are_to_the_unit_that_was_measured_beside() -> None:
    assert results().ratio(OURS.key) == pytest.approx(10 / 20)
    assert results().ratio(MONTH_MODELS) == pytest.approx(7.4 / 25)


def test_a_start_up_has_nothing_beyond_itself() -> None:
    assert results().beyond_start_up(DBT_START_UP) is None


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("load, CSV to committed raw tables", 10 / 20),
        ("all models, beyond start-up", (15 - 5) / 25),
        ("all models and tests, beyond start-up", (25 - 5) / 25),
        ("one more month / full run, start-up aside", (0.5 + 1.4) / (9 + 10)),
        ("3 x the rows: time of the load", 3.1),
        ("peak memory of the load", 1.0),
        ("raw and marts on disk", 1.0),
    ],
)
def test_each_promise_is_judged_by_its_own_figure(name: str, expected: float) -> None:
    found = {verdict.target.name: verdict.measured for verdict in judge(results())}

    assert found[name] == pytest.approx(expected)


def test_cpu_is_that_of_the_program_and_of_the_server() -> None:
    def with_server(*, program: float, server: float) -> Step:
        measured = run(10.0).model_copy(
            update={"cpu_seconds": program, "server_cpu_seconds": server}
        )
        return Step(label="x", kept=Kept.RAW, runs=(measured,))

    steps = {
        OURS.key: with_server(program=7, server=1),
        UNIT.key: with_server(program=2, server=14),
    }
    found = {v.target.name: v.measured for v in judge(results(steps=results().steps | steps))}
    assert found["CPU of the load, program and server"] == pytest.approx(8 / 16)


def test_a_build_keeps_the_median_of_each_layer() -> None:
    runs = [run(9.0).model_copy(update={"layer_seconds": {"marts": x}}) for x in (3.0, 9.0, 4.0)]
    assert Step(label="x", runs=tuple(runs)).layer_seconds == {"marts": 4.0}


def test_a_figure_above_its_limit_is_not_met() -> None:
    too_slow = results(steps=results().steps | {OURS.key: step(12.1, kept=Kept.RAW)})

    verdicts = {verdict.target.name: verdict.is_met for verdict in judge(too_slow)}

    assert verdicts["load, CSV to committed raw tables"] is False
    assert verdicts["all models, beyond start-up"] is True


def test_what_was_not_measured_is_not_judged() -> None:
    steps = {key: results().steps[key] for key in results().steps if key != MONTH_MODELS}

    names = [verdict.target.name for verdict in judge(results(steps=steps, schema_bytes={}))]

    assert "one more month / full run, start-up aside" not in names
    assert "raw and marts on disk" not in names
    assert "all models, beyond start-up" in names


def test_growth_is_stated_for_three_times_the_rows_whatever_the_factor() -> None:
    scaled = results().scaled
    assert scaled is not None
    sixfold = results(steps=results().steps | {"scaled_load": step(60.0)}).model_copy(
        update={"scaled": scaled.model_copy(update={"data": _rows(6)})}
    )

    found = {verdict.target.name: verdict.measured for verdict in judge(sixfold)}

    assert found["3 x the rows: time of the load"] == pytest.approx(3.0)


def _rows(factor: int) -> Data:
    return Data(origin="x", rows=factor * results().data.rows, size_bytes=1)


def test_results_come_back_from_their_json(tmp_path: Path) -> None:
    path = tmp_path / "benchmarks.json"
    path.write_text(json.dumps(results().document()))

    assert read_results(path) == results()
    assert json.loads(path.read_text())["ratios"][MODELS] == 0.6


@pytest.mark.parametrize("text", [None, "{}", "no json"])
def test_other_files_are_refused_in_one_sentence(tmp_path: Path, text: str | None) -> None:
    path = tmp_path / "benchmarks.json"
    if text is not None:
        path.write_text(text)

    with pytest.raises(ResultsError, match=r"benchmarks\.json (does not exist|is not what)"):
        read_results(path)


def test_a_peer_that_is_not_installed_says_what_is_missing() -> None:
    peer = Contender("x", "x", Kept.TEXT, ("x",), needs=("no_such_program", "json"))

    assert peer.missing() == "not installed: no_such_program"


def test_every_contender_has_a_key_of_its_own_and_names_the_file() -> None:
    assert len({contender.key for contender in CONTENDERS}) == len(CONTENDERS)
    for contender in CONTENDERS:
        assert any("/a/b.csv" in part for part in contender.command_for(Path("/a/b.csv")))


def test_the_promises_are_those_of_the_project() -> None:
    limits = [target.limit for target in TARGETS]
    assert limits == [0.45, 0.6, 1.0, 2.0, 0.4, 3.2, 1.5, 1.5, 1.2, 60.0]
