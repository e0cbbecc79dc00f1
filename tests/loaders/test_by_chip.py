"""Where the lines of each chip stand, whatever their order."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loaders.by_chip import NO_CHIP, csv_by_chip
from loaders.errors import SourceChangedError, SourceFormError, SourceMissingError
from loaders.forms import streams
from tests.fixtures.sources import CHIP, HEADER, OTHER_CHIP, csv_text, line, row

THIRD_CHIP = "L15-0357E-1223N_1429_3296_13"
NO_NAME = "x,1,y"


def written(folder: Path, *lines: str, end: str = "\n") -> Path:
    path = folder / "labels.csv"
    path.write_text("\n".join([HEADER, *lines]) + end, encoding="utf-8")
    return path


def found(path: Path) -> dict[str, list[tuple[int, str]]]:
    """Line number and line of each chip."""
    source = csv_by_chip(path)
    lines: dict[str, list[tuple[int, str]]] = {}
    for chip_id in source.spans:
        for part in source.read(chip_id):
            assert part.text.endswith(b"\n")
            texts = part.text.decode().removesuffix("\n").split("\n")
            assert len(texts) == part.line_count
            lines.setdefault(chip_id, []).extend(enumerate(texts, start=part.first_line))
    return lines


@settings(max_examples=60, deadline=None)
@given(
    chips=st.lists(st.sampled_from([CHIP, OTHER_CHIP, THIRD_CHIP, NO_CHIP]), max_size=40),
    piece=st.sampled_from([200, 1000, 100_000]),
)
def test_every_line_is_found_once_with_its_number(
    chips: list[str], piece: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    lines = [line(row(number, chip=chip)) if chip else NO_NAME for number, chip in enumerate(chips)]
    path = written(tmp_path_factory.mktemp("by_chip"), *lines)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(streams, "PIECE_BYTES", piece)
        seen = found(path)
    expected: dict[str, list[tuple[int, str]]] = {}
    for number, (chip, text) in enumerate(zip(chips, lines, strict=True), start=2):
        expected.setdefault(chip, []).append((number, text))
    assert seen == expected


def test_lines_that_stand_together_are_one_span(tmp_path: Path) -> None:
    chips = [CHIP] * 5 + [OTHER_CHIP] * 3 + [CHIP] * 2
    path = written(tmp_path, *(line(row(at, chip=chip)) for at, chip in enumerate(chips)))
    spans = csv_by_chip(path).spans
    assert {chip: [span.line_count for span in found] for chip, found in spans.items()} == {
        CHIP: [5, 2],
        OTHER_CHIP: [3],
    }


def test_the_last_line_needs_no_line_feed(tmp_path: Path) -> None:
    path = written(tmp_path, line(row(1)), line(row(2)), end="")
    assert found(path) == {CHIP: [(2, line(row(1))), (3, line(row(2)))]}


def test_a_byte_order_mark_moves_nothing(tmp_path: Path) -> None:
    path = tmp_path / "marked.csv"
    path.write_text(csv_text([row(1)]), encoding="utf-8-sig")
    assert found(path) == {CHIP: [(2, line(row(1)))]}


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is empty"),
        (b"\x1f\x8b\x08\x00", "no plain CSV"),
        (b"id,filename,geometry\n", "expected 'filename,id,geometry'"),
    ],
)
def test_what_is_no_such_csv_is_refused(tmp_path: Path, content: bytes, said: str) -> None:
    path = tmp_path / "labels.csv"
    path.write_bytes(content)
    with pytest.raises((SourceFormError, SourceMissingError), match=said):
        csv_by_chip(path)


def test_a_folder_and_nothing_are_refused(tmp_path: Path) -> None:
    with pytest.raises(SourceFormError, match="no plain CSV"):
        csv_by_chip(tmp_path)
    with pytest.raises(SourceMissingError, match=r"absent\.csv"):
        csv_by_chip(tmp_path / "absent.csv")


def test_a_file_that_changes_or_goes_away_meanwhile_is_noticed(tmp_path: Path) -> None:
    path = written(tmp_path, line(row(1)), line(row(2)))
    source = csv_by_chip(path)
    path.write_text(path.read_text("utf-8").replace(",2,", ",33,"), encoding="utf-8")
    with pytest.raises(SourceChangedError, match=r"labels\.csv changed while it was read"):
        list(source.read(CHIP))
    path.unlink()
    with pytest.raises(SourceChangedError, match="went away"):
        list(source.read(CHIP))
