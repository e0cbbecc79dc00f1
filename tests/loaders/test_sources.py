"""Sources: listed, told generated or own, taken out; generated and own data never mix."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest

from loaders.errors import MixedDataError, NothingLoadedError, UnknownSourceError
from loaders.forms.origin import MARKER, is_generated
from loaders.load import load
from loaders.raw.sources import KnownSource
from loaders.sources import forget, known_sources
from synthetic.writing import MARKER as WRITTEN_MARKER
from tests.fixtures.sources import OTHER_CHIP, Raw, Row, csv_text, filename, line, row, square
from warehouse.connection.settings import PROJECT_ROOT

WriteCsv = Callable[..., Path]


def base() -> list[Row]:
    return [row(n, month) for month in ("2018_01", "2018_02") for n in range(3)]


@pytest.fixture
def generated(tmp_path: Path) -> Path:
    """A folder as the generator writes it, of the base's chip and another."""
    root = tmp_path / "generated"
    (root / "csvs").mkdir(parents=True)
    (root / MARKER).write_text("{}", encoding="utf-8")
    rows = [*base(), row(1, "2018_01", OTHER_CHIP), row(7, "2018_05", polygon=square(900))]
    (root / "csvs" / "labels.csv").write_text(csv_text(rows), encoding="utf-8")
    return root


def run(*arguments: str, columns: int = 200) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "loaders", *arguments]
    environment = os.environ | {"COLUMNS": str(columns)}
    return subprocess.run(
        command, capture_output=True, text=True, check=False, cwd=PROJECT_ROOT, env=environment
    )


def names() -> dict[str, KnownSource]:
    return {Path(source.name).name: source for source in known_sources()}


def test_the_marker_is_the_generators() -> None:
    assert MARKER == WRITTEN_MARKER


def test_files_of_a_generated_folder_are_generated(generated: Path, tmp_path: Path) -> None:
    chip = generated / "train" / OTHER_CHIP / "labels"
    chip.mkdir(parents=True)
    for path in (generated, generated / "csvs" / "labels.csv", chip.parent, chip):
        assert is_generated(path)
    assert not is_generated(tmp_path)
    assert not is_generated(Path())


def test_own_data_make_generated_data_leave(raw: Raw, generated: Path, write_csv: WriteCsv) -> None:
    load(generated)
    own = [row(n, "2018_01", polygon=square(300, 9 * n)) for n in range(2)]
    report = load(write_csv(own))
    assert raw.rows() == sorted(own)
    assert raw.is_consistent()
    assert report.made_way == ((str(generated), 3),)
    assert [source for source in names() if names()[source].images] == ["labels.csv"]
    assert raw.query("select distinct source from raw.image_source") == [(report.source,)]


def test_an_image_that_both_have_stays_as_the_users_own(
    raw: Raw, generated: Path, write_csv: WriteCsv
) -> None:
    load(generated)
    report = load(write_csv(base()))
    assert (report.images_changed, report.images_unchanged) == (0, 2)
    assert raw.rows() == sorted(base())
    assert raw.is_consistent()


def test_the_summary_says_that_generated_data_left(
    raw: Raw, generated: Path, write_csv: WriteCsv
) -> None:
    load(generated)
    done = run("load", str(write_csv(base())))
    assert done.returncode == 0
    assert f"{generated} left with 2 images: generated data make way for your own" in done.stdout


def test_generated_data_are_refused_beside_own(
    raw: Raw, generated: Path, write_csv: WriteCsv
) -> None:
    load(write_csv(base()), source="mine")
    with pytest.raises(MixedDataError, match="holds data of your own \\(mine\\)") as caught:
        load(generated)
    assert "\n" not in str(caught.value)
    assert raw.rows() == sorted(base())
    forget("mine")
    assert load(generated).rows_loaded == 8


def test_own_data_of_which_nothing_can_be_loaded_make_nothing_leave(
    raw: Raw, generated: Path, tmp_path: Path
) -> None:
    load(generated)
    before = raw.rows()
    path = tmp_path / "bad.csv"
    path.write_text(csv_text([(filename(), 1, "POINT (1 2)")]), encoding="utf-8")
    with pytest.raises(NothingLoadedError):
        load(path)
    path.write_text(csv_text([]), encoding="utf-8")
    assert load(path).made_way == ()
    assert raw.rows() == before


def test_generated_data_replace_generated_data(raw: Raw, generated: Path) -> None:
    load(generated)
    path = generated / "csvs" / "labels.csv"
    path.write_text(csv_text(base()), encoding="utf-8")
    assert load(generated).images_removed == 2
    assert raw.rows() == sorted(base())


def test_own_data_that_were_loaded_before_make_generated_data_leave(
    raw: Raw, generated: Path, write_csv: WriteCsv
) -> None:
    path = write_csv(base())
    load(path)
    with psycopg.connect(raw.dsn) as connection:  # as a warehouse of before the two were told apart
        connection.execute("update raw.load_run set is_generated = true")
    load(generated)
    with psycopg.connect(raw.dsn) as connection:
        connection.execute("update raw.load_run set is_generated = false where load_id = 1")
    report = load(path)
    assert (report.state, report.made_way) == ("unchanged", ((str(generated), 2),))
    assert raw.rows() == sorted(base())


def test_sources_are_listed(raw: Raw, generated: Path, write_csv: WriteCsv) -> None:
    assert "no source was loaded yet" in run("sources").stdout
    load(generated)
    (source,) = known_sources()
    assert (source.kind, source.is_generated, source.state) == ("folder", True, "loaded")
    assert (source.images, source.rows) == (4, 8)
    load(write_csv(base()), source="mine")
    lines = [text.split() for text in run("sources").stdout.splitlines()]
    assert lines[0] == ["data", "form", "images", "rows", "last", "loaded", "state", "source"]
    assert [text[:4] + text[-2:] for text in lines[1:]] == [
        ["own", "csv", "2", "6", "loaded", "mine"]
    ]


def test_a_listed_name_can_be_copied_from_a_narrow_terminal(raw: Raw, write_csv: WriteCsv) -> None:
    path = write_csv(base(), "a_name_that_is_longer_than_a_terminal_of_eighty_columns_is_wide.csv")
    load(path)
    done = run("sources", columns=60)
    assert done.stdout.splitlines()[1].endswith(f"  loaded  {path}")


def test_a_source_that_failed_is_listed(raw: Raw, tmp_path: Path) -> None:
    path = tmp_path / "bad.csv"
    path.write_text(csv_text([(filename(), 1, "POINT (1 2)")]), encoding="utf-8")
    with pytest.raises(NothingLoadedError):
        load(path)
    (source,) = known_sources()
    assert (source.state, source.images, source.loaded_at) == ("failed", 0, None)


def test_a_forgotten_source_leaves_with_all_it_brought(raw: Raw, write_csv: WriteCsv) -> None:
    other = [row(n, "2018_01", OTHER_CHIP) for n in range(3)]
    load(write_csv(base()))
    load(write_csv(other, "other.csv"))
    forgotten = forget(str(write_csv(base())))
    assert len(forgotten.withdrawn.images) == 2
    assert raw.rows() == sorted(other)
    assert raw.is_consistent()
    assert list(names()) == ["other.csv"]
    assert raw.query(
        "select state, images_removed, message from raw.load_run order by load_id desc limit 1"
    ) == [("forgotten", 2, "forgotten by the user")]


def test_a_forgotten_source_can_be_loaded_again(raw: Raw, write_csv: WriteCsv) -> None:
    load(write_csv(base()))
    forget(str(write_csv(base())))
    assert raw.rows() == []
    report = load(write_csv(base()))
    assert (report.state, report.images_changed) == ("loaded", 2)
    assert raw.rows() == sorted(base())


def test_an_image_that_another_source_has_stays(raw: Raw, write_csv: WriteCsv) -> None:
    load(write_csv(base()), source="one")
    load(write_csv(base()[:3]), source="other")
    assert len(forget("one").withdrawn.images) == 1
    assert raw.rows() == base()[:3]
    assert len(forget("other").withdrawn.images) == 1
    assert raw.rows() == []
    assert raw.is_consistent()


def test_the_version_of_another_source_comes_back_when_that_is_loaded_again(
    raw: Raw, write_csv: WriteCsv
) -> None:
    load(write_csv(base()), source="labels")
    load(write_csv([row(9, "2018_02")], "corrected.csv"), source="corrected")
    forgotten = forget("corrected")
    assert forgotten.withdrawn.other_versions == {"labels": 1}
    assert raw.rows() == [values for values in base() if "2018_01" in values[0]]
    report = load(write_csv(base()), source="labels")
    assert (report.images_changed, report.images_unchanged) == (1, 1)
    assert raw.rows() == sorted(base())
    assert raw.is_consistent()


def test_an_image_that_left_with_its_source_is_said_to_have_another_version(
    raw: Raw, write_csv: WriteCsv
) -> None:
    load(write_csv(base()), source="labels")
    corrected = [row(9, "2018_02"), row(9, "2018_03")]
    load(write_csv(corrected, "corrected.csv"), source="corrected")
    report = load(write_csv(corrected[1:], "corrected.csv"), source="corrected")
    assert report.images_removed == 1
    assert report.warnings == (
        "1 image left that labels has in a version of its own; load it again to bring that back",
    )


def test_forgetting_says_what_left_and_what_comes_next(raw: Raw, write_csv: WriteCsv) -> None:
    load(write_csv(base()))
    done = run("forget", str(write_csv(base())))
    assert done.returncode == 0
    first, *rest = done.stdout.splitlines()
    assert first.endswith("labels.csv forgotten: 2 images left")
    assert "make dbt ARGS=build" in rest[-1]


def test_an_unknown_source_is_one_sentence_and_changes_nothing(
    raw: Raw, write_csv: WriteCsv
) -> None:
    load(write_csv(base()), source="mine")
    done = run("forget", "yours")
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert done.stderr == "error: there is no source 'yours'; the warehouse has: mine\n"
    forget("mine")
    with pytest.raises(UnknownSourceError, match="the warehouse has: none"):
        forget("mine")
    assert line(base()[0]) not in map(line, raw.rows())
