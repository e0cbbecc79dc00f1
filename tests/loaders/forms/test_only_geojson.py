"""Only GeoJSON is GeoJSON: no file that is named so reads another one, or asks the network."""

import contextlib
import json
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyogrio
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from loaders.aoi import load_aois
from loaders.errors import SourceFormError
from loaders.forms.features import UnreadableFileError, read_features
from loaders.forms.wkt import polygon_text, polygons_of
from loaders.load import load
from loaders.terms.reasons import Reason
from tests.fixtures.sources import CHIP, Raw, csv_text, filename, row, square

HIDDEN = 'id,geometry\n666,"POLYGON ((1 1, 9 1, 9 9, 1 1))"\n'
VRT = """<OGRVRTDataSource><OGRVRTLayer name="secret"><SrcDataSource>{}</SrcDataSource>
<GeometryType>wkbPolygon</GeometryType><GeometryField encoding="WKT" field="geometry"/>
<Field name="Id" src="id"/></OGRVRTLayer></OGRVRTDataSource>"""


@pytest.fixture
def listener() -> Iterator[tuple[str, list[bytes]]]:
    """An HTTP address on the loopback, and what was asked there."""
    seen: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = f"http://127.0.0.1:{server.getsockname()[1]}/secret.geojson"

        def listen() -> None:
            while True:
                try:
                    connection, _ = server.accept()
                except OSError:
                    return
                with connection:
                    seen.append(connection.recv(1000))
                    connection.sendall(b"HTTP/1.0 404 Not Found\r\n\r\n")

        threading.Thread(target=listen, daemon=True).start()
        yield address, seen
        server.shutdown(socket.SHUT_RDWR)


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    path = tmp_path / "secret.csv"
    path.write_text(HIDDEN, encoding="utf-8")
    return path


def disguises(secret: Path, address: str) -> dict[str, str]:
    """Contents that GDAL would follow to another file or to the network."""
    kml = '<kml xmlns="http://www.opengis.net/kml/2.2"><Document/></kml>'
    return {
        "vrt of a file": VRT.format(secret),
        "vrt of an address": VRT.format(f"/vsicurl/{address}"),
        "vrt after a byte order mark": "\ufeff" + VRT.format(secret),
        "vrt after kml": kml + VRT.format(secret),
        "kml with a link": '<kml xmlns="http://www.opengis.net/kml/2.2"><NetworkLink><Link><href>'
        f"{address}</href></Link></NetworkLink></kml>",
        "kml with an entity": f'<!DOCTYPE kml [<!ENTITY x SYSTEM "{address}">]>'
        '<kml xmlns="http://www.opengis.net/kml/2.2"><Document><name>&x;</name></Document></kml>',
        "address of a file": str(secret),
        "address of the network": address,
        "wfs": f"<OGRWFSDataSource><URL>{address}</URL></OGRWFSDataSource>",
        "gml": '<gml:FeatureCollection xmlns:gml="http://www.opengis.net/gml" '
        'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" '
        f'xsi:schemaLocation="x {address}"></gml:FeatureCollection>',
        "pipeline": f'{{"type": "gdal_streamed_alg", "command_line": "gdal vector read {secret}"}}',
        "topology": '{"type": "Topology", "objects": {}, "arcs": []}',
        "esri": '{"geometryType": "esriGeometryPolygon", "exceededTransferLimit": true, '
        '"features": []}',
        "stac": f'{{"type": "Catalog", "links": [{{"rel": "item", "href": "{address}"}}]}}',
    }


KINDS = list(disguises(Path("x"), "x"))


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_only_called_geojson_is_rejected_in_a_sentence(
    raw: Raw, tmp_path: Path, secret: Path, listener: tuple[str, list[bytes]], kind: str
) -> None:
    address, seen = listener
    content = disguises(secret, address)[kind]
    chip = tmp_path / "data" / "train" / CHIP
    for path in (
        chip / "labels_match_pix" / f"{filename()}_Buildings.geojson",
        chip / "labels" / f"{filename()}_UDM.geojson",
    ):
        path.parent.mkdir(parents=True)
        path.write_text(content, encoding="utf-8")
    good = {"type": "Feature", "properties": {"Id": 7}, "geometry": shape_of(square())}
    other = chip / "labels_match_pix" / f"{filename('2018_02')}_Buildings.geojson"
    other.write_text(json.dumps(good), encoding="utf-8")
    report = load(tmp_path / "data")
    assert (report.rows_loaded, report.rows_rejected) == (1, 2)
    assert raw.rows() == [(filename("2018_02"), 7, square().replace(".0", ""))]
    found = raw.query("select reason, text from raw.rejected_row")
    assert all(str(reason).startswith(Reason.FILE.value) for reason, _ in found)
    assert not any("666" in str(value) for each in found for value in each)
    assert raw.query("select * from raw.unusable_area") == []
    assert seen == []


@pytest.mark.parametrize("kind", KINDS)
def test_areas_of_interest_of_no_plain_form_are_refused(
    raw: Raw, tmp_path: Path, secret: Path, listener: tuple[str, list[bytes]], kind: str
) -> None:
    address, seen = listener
    path = tmp_path / "areas.geojson"
    path.write_text(disguises(secret, address)[kind], encoding="utf-8")
    with pytest.raises(SourceFormError) as caught:
        load_aois(path)
    assert "\n" not in str(caught.value)
    assert seen == []


def test_a_geopackage_reads_no_other_file(raw: Raw, tmp_path: Path, secret: Path) -> None:
    import sqlite3  # noqa: PLC0415

    path = write_areas(tmp_path / "areas.gpkg", "GPKG")
    with sqlite3.connect(path) as connection:
        connection.execute("pragma writable_schema = on")
        connection.execute(
            "insert into sqlite_master (type, name, tbl_name, rootpage, sql) values ('table', "
            "'other', 'other', 0, ?)",
            (f"create virtual table other using VirtualOGR('{secret}')",),
        )
    try:
        load_aois(path)
    except SourceFormError:
        return
    assert raw.query("select name from raw.aoi") == [("Middle",)]


def shape_of(text: str) -> object:
    return json.loads(shapely.to_geojson(shapely.from_wkt(text)))


def write_areas(path: Path, driver: str) -> Path:
    pyogrio.raw.write(
        path,
        geometry=np.array([shapely.box(99.0, 30.0, 99.1, 30.1).wkb], dtype=object),
        field_data=[np.array(["Middle"], dtype=object)],
        fields=np.array(["Name"], dtype=object),
        geometry_type="Polygon",
        crs="EPSG:4326",
        driver=driver,
    )
    return path


@pytest.mark.parametrize(
    ("driver", "ending"),
    [
        ("GPKG", "gpkg"),
        ("FlatGeobuf", "fgb"),
        ("ESRI Shapefile", "shp"),
        ("GeoJSON", "geojson"),
        ("GeoJSON", "anything"),
        ("KML", "kml"),
        ("MapInfo File", "tab"),
    ],
)
def test_areas_of_interest_load_from_each_plain_form(
    raw: Raw, tmp_path: Path, driver: str, ending: str
) -> None:
    assert load_aois(write_areas(tmp_path / f"areas.{ending}", driver)) == 1
    found = raw.query("select name, st_x(st_centroid(st_geomfromtext(polygon))) from raw.aoi")
    assert found[0][0] == "Middle"
    assert float(str(found[0][1])) == pytest.approx(99.05, abs=1e-6)


@settings(max_examples=300, deadline=None)
@given(st.one_of(st.binary(max_size=200), st.text(max_size=200).map(lambda text: text.encode())))
def test_any_bytes_are_geojson_or_refused(content: bytes) -> None:
    with contextlib.suppress(UnreadableFileError):
        found = read_features(content)
        assert all(isinstance(each["properties"], dict) for each in found.features)


JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=3)),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=20,
)


@settings(max_examples=500, deadline=None)
@given(
    st.one_of(
        JSON,
        st.fixed_dictionaries(
            {"type": st.sampled_from(["Polygon", "MultiPolygon", "Point"]), "coordinates": JSON}
        ),
    ),
    st.booleans(),
)
def test_any_geometry_becomes_polygons_or_a_reason(geometry: object, split: bool) -> None:
    found = polygons_of(geometry, split=split)
    assert (found.reason is None) == bool(found.polygons)
    for rings in found.polygons:
        assert polygon_text(rings).startswith("POLYGON (")


@pytest.mark.parametrize(
    "content",
    [
        '\ufeff{"type": "FeatureCollection", "features": []}',
        '{"type": "Feature", "properties": null, "geometry": null}',
        '\x1e{"type": "Feature", "geometry": null}\n\x1e{"type": "Feature", "geometry": null}\n',
        '{"type": "Feature", "geometry": null}\n{"type": "Feature", "geometry": null}',
        '{"type": "Feature", "properties": {"area": NaN}, "geometry": null}',
        '{"type": "Polygon", "coordinates": []}',
    ],
)
def test_geojson_as_it_is_met_is_read(content: str) -> None:
    count = max(content.count('"Feature"'), content.count("Polygon"))
    assert len(read_features(content.encode()).features) == count


def test_a_csv_beside_masks_still_loads(raw: Raw, tmp_path: Path, secret: Path) -> None:
    (tmp_path / "data" / "csvs").mkdir(parents=True)
    (tmp_path / "data" / "csvs" / "a.csv").write_text(csv_text([row(1)]), encoding="utf-8")
    mask = tmp_path / "data" / "train" / CHIP / "labels" / f"{filename()}_UDM.geojson"
    mask.parent.mkdir(parents=True)
    mask.write_text(VRT.format(secret), encoding="utf-8")
    report = load(tmp_path / "data")
    assert (report.rows_loaded, report.rows_rejected) == (1, 1)
