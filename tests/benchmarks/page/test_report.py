from pathlib import Path

from benchmarks.contenders import OURS, Kept
from benchmarks.page.report import LOADS_PICTURE, PAGE, TARGETS_PICTURE, render, write_page
from benchmarks.results import MODELS, Data
from tests.fixtures.measurements import results, step


def test_the_page_shows_times_ratios_and_promises() -> None:
    page = render(results())

    assert "**10.0 s, 0.50 times one `psql \\copy`**" in page
    assert "| load, CSV to committed raw tables | 0.45 x | 0.50 x | **no** |" in page
    assert "equals the sorted CSV, byte for byte" in page
    assert "Left out: ogr2ogr (not installed: ogr2ogr)." in page


def test_a_scaled_time_is_marked() -> None:
    assert "302 s (scaled, 10% of the rows)" in render(results())


def test_a_broken_promise_stands_out() -> None:
    slow = results(steps=results().steps | {OURS.key: step(30.0, kept=Kept.RAW)}, is_lossless=False)

    page = render(slow)

    assert "| load, CSV to committed raw tables | 0.45 x | 1.50 x | **no** |" in page
    assert "**differs from** the sorted CSV" in page


def test_the_page_says_what_a_month_costs_before_it_writes_a_row() -> None:
    assert "(0.5 s) that is 0.05 of a full run" in render(results())


def test_the_page_tells_the_layers_of_a_build_apart() -> None:
    measured = step(15.0).runs[0].model_copy(update={"layer_seconds": {"raw": 1.0, "marts": 9.5}})
    build = step(15.0).model_copy(update={"runs": (measured,)})

    page = render(results(steps=results().steps | {MODELS: build}))

    assert "in seconds of dbt's threads: `marts` 9.5, `raw` 1.0." in page


def test_the_page_compares_builds_with_the_unit_beside_them() -> None:
    assert "take 10.0 s more, 0.40 times one `psql \\copy` at that time (25.0 s)" in render(
        results()
    )


def test_a_part_that_failed_is_named() -> None:
    page = render(results(failed={"star": "dbt ended with code 2"}))

    assert "**The part `star` failed**: dbt ended with code 2" in page


def test_a_small_file_is_not_judged_as_the_full_one() -> None:
    small = results(data=Data(origin="generated", rows=66_647, size_bytes=18_000_000))

    assert "to find bugs, not to judge by" in render(small)
    assert "to find bugs, not to judge by" not in render(results())


def test_the_page_comes_with_its_pictures_and_figures(tmp_path: Path) -> None:
    source = tmp_path / "out" / "benchmarks.json"
    source.parent.mkdir()
    source.write_text("the figures")
    docs = tmp_path / "docs"

    page = write_page(results(), docs, source=source)

    assert page == docs / PAGE
    assert (docs / "benchmarks.json").read_text() == "the figures"
    for picture in (LOADS_PICTURE, TARGETS_PICTURE):
        assert (docs / picture).read_text().startswith("<?xml")
        assert picture in page.read_text()


def test_the_same_figures_give_the_same_files(tmp_path: Path) -> None:
    source = tmp_path / "benchmarks.json"
    source.write_text("{}")

    for name in ("one", "two"):
        write_page(results(), tmp_path / name, source=source)

    for file in (PAGE, LOADS_PICTURE, TARGETS_PICTURE):
        assert (tmp_path / "one" / file).read_bytes() == (tmp_path / "two" / file).read_bytes()
