"""Other forms with one meaning: they load as the canonical form would, counted by kind."""

import bz2
import gzip
import io
import json
import lzma
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa
import pytest
import shapely
from rich.console import Console

from loaders.errors import SourceDamagedError, SourceFormError, SourceMissingError
from loaders.load import load
from loaders.report import show
from loaders.terms.reasons import Reason
from tests.fixtures.sources import CHIP, HEADER, Raw, Row, csv_text, filename, line, row, square

ROWS = [row(number, month) for month in ("2018_01", "2018_02") for number in (7, 12, 100_000)]
PLAIN = "POLYGON ((1 2, 5 2, 5 6.5, 1 2), (2 3, 3 3, 3 4, 2 3))"
Spell = Callable[[Row], str]


def spelled(*, name: str = "{}", number: str = "{}", polygon: Callable[[str], str] = str) -> Spell:
    return lambda values: (
        f'{name.format(values[0])},{number.format(values[1])},"{polygon(values[2])}"'
    )


def with_third(text: str) -> str:
    points = text.removeprefix("POLYGON ((").removesuffix("))").split(", ")
    return "POLYGON Z (({}))".format(", ".join(f"{point} 1.5" for point in points))


SPELLINGS: dict[str, tuple[Spell, set[str]]] = {
    "path": (spelled(name="images/{}"), {"filename with a path"}),
    "url": (spelled(name="s3://bucket/train/{}"), {"filename with a path"}),
    "windows path": (spelled(name="C:\\data\\{}"), {"filename with a path"}),
    "tif": (spelled(name="{}.tif"), {"filename with an ending"}),
    "tiff in capitals": (spelled(name="{}.TIFF"), {"filename with an ending"}),
    "geojson": (spelled(name="{}_Buildings.geojson"), {"filename with an ending"}),
    "buildings": (spelled(name="{}_Buildings"), {"filename with an ending"}),
    "path and ending": (
        spelled(name="/a/b/{}.tif"),
        {"filename with a path", "filename with an ending"},
    ),
    "id with a point": (spelled(number="{}.0"), {"id in another spelling"}),
    "id with zeros before": (spelled(number="000{}"), {"id in another spelling"}),
    "id with a sign": (spelled(number="+{}"), {"id in another spelling"}),
    "id with spaces": (spelled(number=" {} "), {"id in another spelling"}),
    "quoted id with a point": (spelled(number='"{}.00"'), {"id in another spelling"}),
    "id with a power": (
        lambda values: '{},{:e},"{}"'.format(*values),
        {"id in another spelling"},
    ),
    "multipolygon": (
        spelled(polygon=lambda text: text.replace("POLYGON (", "MULTIPOLYGON ((") + ")"),
        {"multipolygon of one part"},
    ),
    "polygon z": (spelled(polygon=with_third), {"further dimensions dropped"}),
    "three numbers without a tag": (
        spelled(polygon=lambda text: with_third(text).replace(" Z", "")),
        {"further dimensions dropped"},
    ),
    "multipolygon z": (
        spelled(
            polygon=lambda text: with_third(text).replace("POLYGON Z (", "MULTIPOLYGON Z ((") + ")"
        ),
        {"multipolygon of one part", "further dimensions dropped"},
    ),
    "lower case": (
        spelled(polygon=lambda text: text.lower()),
        {"polygon in another spelling"},
    ),
    "spaces around": (
        spelled(polygon=lambda text: f" {text} "),
        {"polygon in another spelling"},
    ),
}


@pytest.mark.parametrize(("spell", "kinds"), SPELLINGS.values(), ids=SPELLINGS)
def test_another_spelling_is_the_same_source(
    raw: Raw, tmp_path: Path, spell: Spell, kinds: set[str]
) -> None:
    path = tmp_path / "labels.csv"
    path.write_text(csv_text(ROWS), encoding="utf-8")
    first = load(path)
    assert first.other_forms == ()
    path.write_text("\n".join([HEADER, *map(spell, ROWS)]) + "\n", encoding="utf-8")
    report = load(path)
    assert (report.rows_loaded, report.rows_rejected) == (6, 0)
    assert (report.images_unchanged, report.images_changed) == (2, 0)
    assert raw.rows() == sorted(ROWS)
    assert dict(report.other_forms) == dict.fromkeys(kinds, 6)
    found = raw.query("select other_forms from raw.load_run order by load_id")
    assert found == [(None,), (dict.fromkeys(kinds, 6),)]


def test_rings_of_a_polygon_keep_their_texts(raw: Raw, tmp_path: Path) -> None:
    path = tmp_path / "labels.csv"
    wide = PLAIN.replace("POLYGON", "POLYGON ZM").replace(",", " 1 2,").replace(")", " 1 2)")
    wide = wide.replace(" 1 2) 1 2,", " 1 2),").replace("1 2) 1 2)", "1 2))")
    path.write_text(csv_text([(filename(), 1, wide)]), encoding="utf-8")
    load(path)
    assert raw.rows() == [(filename(), 1, PLAIN)]


def test_rows_of_another_form_are_counted_only_where_they_load(raw: Raw, tmp_path: Path) -> None:
    path = tmp_path / "labels.csv"
    rows = [
        row(1),
        (filename() + ".tif", 2, square(50, 50)),
        (filename() + ".tif", 1, square()),
        (filename() + ".tif", 3, "POINT (1 2)"),
    ]
    path.write_text(csv_text(rows), encoding="utf-8")
    report = load(path)
    assert dict(report.other_forms) == {"filename with an ending": 1}
    assert [why.partition(":")[0] for _, why in raw.rejected()] == [
        Reason.DUPLICATE.value,
        Reason.POLYGON_TYPE.value,
    ]


def test_the_summary_says_what_was_taken_in_another_form(raw: Raw, tmp_path: Path) -> None:
    path = tmp_path / "labels.csv"
    path.write_text(csv_text([(filename() + ".tif", 2, square())]), encoding="utf-8")
    console = Console(file=io.StringIO(), width=200)
    show(load(path), console)
    assert isinstance(console.file, io.StringIO)
    words = " ".join(console.file.getvalue().split())
    assert "taken in another form" in words
    assert "1 filename with an ending" in words


@pytest.mark.parametrize(
    "polygon",
    [
        "MULTIPOLYGON (((0 0, 9 0, 9 9, 0 0)), ((20 20, 29 20, 29 29, 20 20)))",
        "POLYGON Z ((0 0 1, 9 0, 9 9 1, 0 0 1))",
        "POLYGON Z ((0 0 x, 9 0 x, 9 9 x, 0 0 x))",
        "POLYGON ((0 0 1, 9 0 1, 0 9 1, 9 9 1, 0 0 1))",
        "CURVEPOLYGON ((0 0, 9 0, 9 9, 0 0))",
    ],
)
def test_what_has_no_one_meaning_is_rejected(raw: Raw, tmp_path: Path, polygon: str) -> None:
    path = tmp_path / "labels.csv"
    path.write_text(csv_text([(filename(), 1, polygon), row(2)]), encoding="utf-8")
    report = load(path)
    assert (report.rows_loaded, report.rows_rejected, report.other_forms) == (1, 1, ())


def tar_of(name: str, content: bytes) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for each, bytes_ in ((name, content), ("csvs/._labels.csv", b"\x00\x05\x16\x07")):
            member = tarfile.TarInfo(each)
            member.size = len(bytes_)
            archive.addfile(member, io.BytesIO(bytes_))
    return buffer.getvalue()


PACKINGS: dict[str, Callable[[bytes], bytes]] = {
    "gz": gzip.compress,
    "bz2": bz2.compress,
    "xz": lzma.compress,
    "zst": lambda content: bytes(pa.compress(content, codec="zstd", asbytes=True)),
}


@pytest.mark.parametrize("packing", PACKINGS)
@pytest.mark.parametrize("form", ["csv", "tar", "folder", "two members"])
def test_packed_files_load(raw: Raw, tmp_path: Path, packing: str, form: str) -> None:
    content = csv_text(ROWS).encode()
    pack = PACKINGS[packing]
    path = tmp_path / "data" / "csvs" / f"labels.csv.{packing}"
    path.parent.mkdir(parents=True)
    if form == "two members":
        path.write_bytes(pack(content[:100]) + pack(content[100:]))
    else:
        path.write_bytes(pack(tar_of("csvs/labels.csv", content) if form == "tar" else content))
    source = path.parent.parent if form == "folder" else path
    assert load(source).rows_loaded == 6
    assert raw.rows() == sorted(ROWS)
    kind = {"folder": "folder", "tar": f"tar.{packing}"}.get(form, f"csv.{packing}")
    assert raw.query("select source_kind from raw.load_run") == [(kind,)]
    assert load(source).state == "unchanged"


@pytest.mark.parametrize("packing", PACKINGS)
@pytest.mark.parametrize("damage", ["cut off", "cut in the head", "changed", "more behind"])
def test_a_damaged_packed_file_is_one_sentence(
    raw: Raw, tmp_path: Path, packing: str, damage: str
) -> None:
    content = PACKINGS[packing](csv_text(row(n) for n in range(100)).encode())
    middle = len(content) // 2
    path = tmp_path / "labels"
    path.write_bytes(
        {
            "cut off": content[:-8],
            "cut in the head": content[:7],
            "changed": content[:middle] + bytes(20) + content[middle + 20 :],
            "more behind": content + b"more behind it",
        }[damage]
    )
    with pytest.raises((SourceDamagedError, SourceFormError)) as caught:
        load(path)
    assert "\n" not in str(caught.value)
    assert str(caught.value).isprintable()


def parquet(**columns: object) -> bytes:
    buffer = io.BytesIO()
    pl.DataFrame(columns).write_parquet(buffer)
    return buffer.getvalue()


NAMES, IDS, POLYGONS = ([values[at] for values in ROWS] for at in range(3))
WKB = [shapely.from_wkt(str(polygon)).wkb for polygon in POLYGONS]
TABLES: dict[str, tuple[dict[str, Any], set[str]]] = {
    "plain": ({"filename": NAMES, "id": IDS, "geometry": POLYGONS}, set()),
    "in another order, with more": (
        {"geometry": POLYGONS, "area": [1.0] * 6, "id": IDS, "filename": NAMES},
        set(),
    ),
    "small integers": (
        {"filename": NAMES, "id": pl.Series(IDS, dtype=pl.UInt32), "geometry": POLYGONS},
        set(),
    ),
    "categories": (
        {"filename": pl.Series(NAMES, dtype=pl.Categorical), "id": IDS, "geometry": POLYGONS},
        set(),
    ),
    "floats": (
        {"filename": NAMES, "id": [float(str(n)) for n in IDS], "geometry": POLYGONS},
        {"id in another spelling"},
    ),
    "texts": (
        {"filename": NAMES, "id": [f"{n}.0" for n in IDS], "geometry": POLYGONS},
        {"id in another spelling"},
    ),
    "paths": (
        {"filename": [f"x/{name}.tif" for name in NAMES], "id": IDS, "geometry": POLYGONS},
        {"filename with a path", "filename with an ending"},
    ),
    "wkb": ({"filename": NAMES, "id": IDS, "geometry": WKB}, set()),
}


@pytest.mark.parametrize(("columns", "kinds"), TABLES.values(), ids=TABLES)
@pytest.mark.parametrize("in_folder", [False, True])
def test_parquet_with_the_three_columns_loads(
    raw: Raw, tmp_path: Path, columns: dict[str, Any], kinds: set[str], in_folder: bool
) -> None:
    path = tmp_path / "data" / "labels.parquet"
    path.parent.mkdir()
    path.write_bytes(parquet(**columns))
    source = path.parent if in_folder else path
    report = load(source)
    assert (report.rows_loaded, report.rows_rejected) == (6, 0)
    assert [(name, number) for name, number, _ in raw.rows()] == sorted(
        (name, number) for name, number, _ in ROWS
    )
    assert dict(report.other_forms) == dict.fromkeys(kinds, 6)
    assert load(source).state == "unchanged"


def test_bad_rows_of_parquet_are_rejected_with_their_number(raw: Raw, tmp_path: Path) -> None:
    path = tmp_path / "labels.parquet"
    names = [filename(), None, filename(), filename(), "x"]
    path.write_bytes(
        parquet(filename=names, id=[1, 2, None, -4, 5], geometry=[square(), "x", "y", "z", "w"])
    )
    report = load(path)
    assert (report.rows_loaded, report.rows_rejected) == (1, 4)
    assert [(at, why.partition(":")[0]) for at, why in raw.rejected()] == [
        (2, Reason.FILENAME_FORM.value),
        (3, Reason.ID_FORM.value),
        (4, Reason.ID_NEGATIVE.value),
        (5, Reason.FILENAME_FORM.value),
    ]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (parquet(filename=["x"], id=[1]), "has the columns filename, id; expected"),
        (parquet(filename=[1], id=[1], geometry=["x"]), "column filename is of type Int64"),
        (parquet(filename=["x"], id=[[1]], geometry=["x"]), "column id is of type List"),
        (parquet(filename=["x"], id=[1], geometry=[2.0]), "column geometry is of type Float64"),
        (b"PAR1 and no more", "damaged or cut off"),
        (parquet(filename=["x"], id=[1], geometry=["x"])[:-20], "damaged or cut off"),
    ],
)
def test_other_parquet_is_refused_in_a_sentence(
    raw: Raw, tmp_path: Path, content: bytes, words: str
) -> None:
    path = tmp_path / "labels.parquet"
    path.write_bytes(content)
    with pytest.raises((SourceFormError, SourceDamagedError), match=words) as caught:
        load(path)
    assert str(caught.value).isprintable()


def test_hidden_files_are_no_part_of_a_folder(raw: Raw, tmp_path: Path) -> None:
    csvs = tmp_path / "data" / "csvs"
    csvs.mkdir(parents=True)
    (csvs / "labels.csv").write_text(csv_text(ROWS), encoding="utf-8")
    (csvs / "._labels.csv").write_bytes(b"\x00\x05\x16\x07\x00\x02\x00\x00Mac OS X")
    (csvs / ".DS_Store").write_bytes(b"\x00\x00\x00\x01Bud1")
    assert load(tmp_path / "data").rows_loaded == 6
    (csvs / "labels.csv").unlink()
    with pytest.raises(SourceMissingError, match="holds neither"):
        load(tmp_path / "data")


def test_hidden_files_are_no_part_of_an_archive(raw: Raw, tmp_path: Path) -> None:
    path = tmp_path / "labels.tar"
    with tarfile.open(path, "w") as archive:
        for name in ("./csvs/a.csv", "csvs/._a.csv", "__MACOSX/csvs/a.csv", ".git/b.csv"):
            content = csv_text(ROWS).encode() if name == "./csvs/a.csv" else b"\x00\x05\x16"
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    assert load(path).rows_loaded == 6


def write_labels(tmp_path: Path, *features: dict[str, Any], month: str = "2018_01") -> Path:
    folder = tmp_path / "data" / "train" / CHIP / "labels_match_pix"
    folder.mkdir(parents=True, exist_ok=True)
    collection = {"type": "FeatureCollection", "features": features}
    path = folder / f"{filename(month)}_Buildings.geojson"
    path.write_text(json.dumps(collection), encoding="utf-8")
    return tmp_path / "data"


RING = [[10, 20], [14, 20], [14, 24], [10, 20]]
TRIANGLE = "POLYGON ((10 20, 14 20, 14 24, 10 20))"


def polygon(kind: str = "Polygon", *, third: bool = False) -> dict[str, Any]:
    ring = [[*point, 3.5] for point in RING] if third else RING
    return {"type": kind, "coordinates": [[ring]] if kind == "MultiPolygon" else [ring]}


FEATURES: dict[str, tuple[dict[str, Any], set[str]]] = {
    "canonical": ({"properties": {"Id": 7}}, set()),
    "lower case": ({"properties": {"id": 7}}, {"id in another property"}),
    "top level": ({"id": 7, "properties": {"area": 3}}, {"id in another property"}),
    "text": ({"properties": {"Id": "7"}}, {"id in another spelling"}),
    "zeros before": ({"properties": {"Id": "0007"}}, {"id in another spelling"}),
    "float": ({"properties": {"Id": 7.0}}, {"id in another spelling"}),
    "top level text": (
        {"id": "007", "properties": {}},
        {"id in another property", "id in another spelling"},
    ),
    "multipolygon": (
        {"properties": {"Id": 7}, "geometry": polygon("MultiPolygon")},
        {"multipolygon of one part"},
    ),
    "three numbers": (
        {"properties": {"Id": 7}, "geometry": polygon(third=True)},
        {"further dimensions dropped"},
    ),
    "image with a path": (
        {"properties": {"Id": 7, "image_fname": f"images/{filename()}.tiff"}},
        set(),
    ),
}


@pytest.mark.parametrize(("members", "kinds"), FEATURES.values(), ids=FEATURES)
def test_labels_of_another_form_load(
    raw: Raw, tmp_path: Path, members: dict[str, Any], kinds: set[str]
) -> None:
    report = load(write_labels(tmp_path, {"type": "Feature", "geometry": polygon()} | members))
    assert raw.rows() == [(filename(), 7, TRIANGLE)]
    assert dict(report.other_forms) == dict.fromkeys(kinds, 1)


def test_labels_without_ids_say_so_once_for_each_file(raw: Raw, tmp_path: Path) -> None:
    feature = {
        "type": "Feature",
        "properties": {"height": 3, "fid_2": 1},
        "geometry": polygon(),
    }
    write_labels(tmp_path, *[feature] * 50)
    root = write_labels(tmp_path, {**feature, "properties": {"Id": 1}}, month="2018_02")
    report = load(root)
    assert (report.rows_loaded, report.rows_rejected) == (1, 1)
    found = raw.rejected()
    assert found == [(0, "file names no ids: no 'Id' in 50 features, but height, fid_2")]


def test_lines_of_several_small_files_are_told_apart(raw: Raw, tmp_path: Path) -> None:
    csvs = tmp_path / "data" / "csvs"
    csvs.mkdir(parents=True)
    for at in range(3):
        content = [HEADER, line(row(at)), "x", line(row(at + 10, polygon="POINT (1 2)"))]
        (csvs / f"{at}.csv").write_text("\n".join(content) + "\n", encoding="utf-8")
    load(tmp_path / "data")
    found = raw.query("select source_file, line from raw.rejected_row order by 1, 2")
    assert found == [(f"csvs/{at}.csv", number) for at in range(3) for number in (3, 4)]


def test_a_small_file_that_ends_within_a_line_is_named(raw: Raw, tmp_path: Path) -> None:
    csvs = tmp_path / "data" / "csvs"
    csvs.mkdir(parents=True)
    for at in range(3):
        content = csv_text([row(at), row(at + 10)])
        (csvs / f"{at}.csv").write_text(content[:-1], encoding="utf-8")
    assert load(tmp_path / "data").rows_loaded == 6
    (csvs / "1.csv").write_text(csv_text([row(1), row(11)])[:-9], encoding="utf-8")
    with pytest.raises(SourceDamagedError, match=r"csvs/1\.csv ends within line 3"):
        load(tmp_path / "data")


@pytest.mark.parametrize("name", [b"a\xff.csv", b"a\x07b.csv"])
def test_names_that_are_no_text_are_shown_escaped(raw: Raw, tmp_path: Path, name: bytes) -> None:
    csvs = tmp_path / "data" / "csvs"
    csvs.mkdir(parents=True)
    path = Path(str(csvs) + "/" + name.decode("utf-8", "surrogateescape"))
    path.write_text(csv_text([row(1)]) + "x\n", encoding="utf-8")
    for source in (tmp_path / "data", path):
        assert load(source).rows_rejected == 1
    found = raw.query("select source_file from raw.rejected_row")
    assert all(str(each).isprintable() for (each,) in found)


@pytest.mark.parametrize("name", ["a\x00b.csv", "a\udcff.csv", "a\nb.csv"])
def test_members_whose_names_are_no_text_are_shown_escaped(
    raw: Raw, tmp_path: Path, name: str
) -> None:
    path = tmp_path / "labels.tar"
    content = (csv_text([row(1)]) + "x\n").encode()
    with tarfile.open(path, "w", format=tarfile.PAX_FORMAT) as archive:
        member = tarfile.TarInfo("plain.csv")
        member.pax_headers = {"path": name}
        member.size = len(content)
        archive.addfile(member, io.BytesIO(content))
    assert load(path, source="\x00\udcff").rows_rejected == 1
    found = raw.query("select source_file from raw.rejected_row")
    assert str(found[0][0]).isprintable()
    assert raw.query("select source from raw.load_run") == [("\\x00\\udcff",)]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("\ufefffilename,id,geometry\n".encode("utf-16-le"), "UTF-16"),
        (csv_text(ROWS).encode("utf-16-be"), "NUL bytes"),
        (csv_text(ROWS).encode("utf-32"), "UTF-16|NUL"),
        (b"filename,id,geometry\rx\ry\n", "carriage returns alone"),
        (csv_text(ROWS).replace("\n", "\r").encode(), "carriage returns alone"),
        (b'filename,"id,geometry\n', "starts with"),
        (b"file\x1b[31mname,id,geometry\n", "starts with"),
        (b"\x89PNG\r\n\x1a\n", "starts with"),
        (b"7z\xbc\xaf\x27\x1c rest", "7z archive"),
        (b"PK\x03\x04 rest", "zip archive"),
        (b"SQLite format 3\x00 rest", "SQLite"),
        (b'{"type": "FeatureCollection", "features": []}', "is JSON"),
        (b"<!DOCTYPE html><html>", "XML or HTML"),
        (gzip.compress(gzip.compress(b"x")), "unpack it once more"),
    ],
)
def test_another_form_is_named_without_its_bytes(
    raw: Raw, tmp_path: Path, content: bytes, words: str
) -> None:
    path = tmp_path / "labels"
    for packed in (content, bz2.compress(content), tar_of("labels.csv", content)):
        path.write_bytes(packed)
        with pytest.raises(SourceFormError, match=words) as caught:
            load(path)
        assert str(caught.value).isprintable()
        assert len(str(caught.value)) < 400
