"""Files of histories: what is read, and what is refused with which words."""

from pathlib import Path

import pytest

from ml.data.histories import month_text, read_histories, read_month
from ml.errors import HistoryFileError

HEADER = "place,month,count\n"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "history.csv"


def test_lines_in_any_order_and_gaps_are_taken(file: Path) -> None:
    file.write_text(
        "\ufeffcount,remark,place,month\n"
        '12,,"Sana, old",2019-03\n10,seen,"Sana, old",2018-12\n7.5,,Aden,2019-01\n',
        encoding="utf-8",
    )
    found = read_histories(file)
    assert list(found) == ["Sana, old", "Aden"]
    assert found["Sana, old"].counts.tolist() == [10, 12]
    months = found["Sana, old"].months.tolist()
    assert [month_text(month) for month in months] == ["2018-12", "2019-03"]
    assert months[1] - months[0] == 3
    assert found["Aden"].counts.tolist() == [7.5]


@pytest.mark.parametrize("text", ["2019-13", "2019-00", "201901", "2019-1", "2019-01-01", "", "x"])
def test_what_is_no_month_is_none(text: str) -> None:
    assert read_month(text) is None


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", ("lacks the column place and month and count; expected the header place,month,count, "
             "found nothing")),
        ("place,count\na,1\n", "lacks the column month; .* found place,count"),
        (HEADER, "has no line below its header"),
        (HEADER + "a,2019-01,3\n,2019-02,4\n", "line 3: no place is named"),
        (HEADER + "a,2019/01,3\n", "line 2: month is '2019/01'; expected one such as 2019-01"),
        (HEADER + "a,2019-01,\n", "line 2: count is ''; expected a number, 0 or more"),
        (HEADER + "a,2019-01\n", "line 2: count is ''"),
        (HEADER + "a,2019-01,-3\n", "count is '-3'"),
        (HEADER + "a,2019-01,nan\n", "count is 'nan'"),
        (HEADER + "a,2019-01,many\n", "count is 'many'"),
        (HEADER + "a,2019-01,3\nb,2019-01,4\na,2019-01,3\n", "line 4: a has 2019-01 twice"),
        (HEADER + 'a,2019-01,"3\n', "is no CSV: "),
    ],
)  # fmt: skip
def test_the_first_wrong_line_is_told_in_one_sentence(file: Path, text: str, words: str) -> None:
    file.write_text(text, encoding="utf-8")
    with pytest.raises(HistoryFileError, match=words) as caught:
        read_histories(file)
    assert "\n" not in str(caught.value)
    assert str(file) in str(caught.value)


def test_what_cannot_be_read_is_named(file: Path, tmp_path: Path) -> None:
    with pytest.raises(HistoryFileError, match=r"cannot read .*history\.csv: No such file"):
        read_histories(file)
    with pytest.raises(HistoryFileError, match=r"cannot read .*: Is a directory"):
        read_histories(tmp_path)
    file.write_bytes(b"place,month,count\n\xff\xfe,2019-01,3\n")
    with pytest.raises(HistoryFileError, match="is no UTF-8 text"):
        read_histories(file)
