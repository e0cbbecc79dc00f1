"""The service in this process: answers and errors of every endpoint."""

import psycopg
import pytest
from psycopg import sql

from ml.lifecycle.forecasting import forecast_chips
from ml.model.baselines import Baseline
from ml.training.params import load_params
from serving.api.messages import EXAMPLE_FEATURES, MAX_BATCH
from tests.fixtures.service import TestClient
from tests.fixtures.trained import Trained, drop_service_connections
from warehouse.access import connect
from warehouse.connection.roles import Role

CHIP = "chip-1003"
LIBPQ_VARIABLES = {
    "host": "PGHOST", "port": "PGPORT", "dbname": "PGDATABASE", "user": "PGUSER",
    "password": "PGPASSWORD",
}  # fmt: skip

# BentoML 1.4 reads the fields of a pydantic model in a way that pydantic 2.11 calls deprecated.
pytestmark = pytest.mark.filterwarnings("ignore:Accessing the 'model_fields' attribute")


def features(**changed: float | str | None) -> dict[str, float | str | None]:
    return {**EXAMPLE_FEATURES, **changed}


def test_a_chip_is_forecast_from_its_last_month_with_interval_and_baseline(
    client: TestClient,
) -> None:
    answer = client.post("/forecast", json={"chip_id": CHIP})
    assert answer.status_code == 200
    body = answer.json()
    assert body["model_version"] == 1
    assert body["baseline"] in set(Baseline)
    (forecast,) = body["forecasts"]
    with connect(role=Role.SERVICE) as connection:
        row = connection.execute(
            "select max(as_of), max_by.known_count from features.chip_month, lateral (select "
            "known_count from features.chip_month where chip_key = 1003 order by as_of desc "
            "limit 1) as max_by where chip_key = 1003 group by max_by.known_count"
        ).fetchone()
    assert (forecast["chip_id"], forecast["as_of"], forecast["known_count"]) == (CHIP, *(row or ()))
    assert [one["horizon"] for one in forecast["horizons"]] == [1, 3, 6, 12]
    for one in forecast["horizons"]:
        assert one["q10"] <= one["q50"] <= one["q90"]


def test_the_answer_equals_the_forecast_that_was_written(own_client: TestClient) -> None:
    forecast_chips()
    with connect(role=Role.SERVICE) as connection:
        rows = connection.execute(
            "select horizon, q10, q50, q90, baseline from ml.chip_forecast where chip_key = 1003 "
            "order by horizon"
        ).fetchall()
    found = own_client.post("/forecast", json={"chip_id": CHIP}).json()["forecasts"][0]["horizons"]
    assert [tuple(one.values()) for one in found] == [
        pytest.approx(row, abs=0.0005) for row in rows
    ]


def test_an_earlier_month_is_forecast_as_it_was_known_then(own_client: TestClient) -> None:
    """Leakage: what came after the month changes nothing."""
    request = {"chip_id": CHIP, "as_of": 201906}
    before = own_client.post("/forecast", json=request).json()
    assert before["forecasts"][0]["as_of"] == 201906
    with connect(role=Role.TRANSFORMER) as connection:
        connection.execute(
            "update features.chip_month set known_count = 5, net_change_6 = 5 where as_of > 201906"
        )
    assert own_client.post("/forecast", json=request).json() == before


def test_a_batch_answers_in_the_order_asked(client: TestClient) -> None:
    chips = ["chip-1005", "chip-1001", "chip-1005"]
    forecasts = client.post("/forecast_batch", json={"chip_ids": chips}).json()["forecasts"]
    assert [one["chip_id"] for one in forecasts] == chips
    alone = client.post("/forecast", json={"chip_id": "chip-1001"}).json()["forecasts"]
    assert forecasts[1] == alone[0]
    assert forecasts[0] == forecasts[2]


def test_features_in_the_request_give_what_a_lookup_gives(client: TestClient) -> None:
    names = ", ".join(EXAMPLE_FEATURES)
    with connect(role=Role.SERVICE) as connection:
        row = connection.execute(
            f"select {names} from features.chip_month where chip_key = 1003 "
            "order by as_of desc limit 1"
        ).fetchone()
    given = dict(zip(EXAMPLE_FEATURES, row or (), strict=True))
    answer = client.post("/forecast_features", json={"rows": [given]})
    assert answer.status_code == 200
    (forecast,) = answer.json()["forecasts"]
    assert forecast["chip_id"] is forecast["as_of"] is None
    looked_up = client.post("/forecast", json={"chip_id": CHIP}).json()["forecasts"][0]
    assert forecast["horizons"] == looked_up["horizons"]


@pytest.mark.parametrize(
    ("path", "body", "status", "words"),
    [
        ("/forecast", {"chip_id": "nowhere"}, 404, "the warehouse has no chip nowhere"),
        ("/forecast", {"chip_id": CHIP, "as_of": 201001}, 404, "not observed in month 201001"),
        ("/forecast_batch", {"chip_ids": [CHIP, "a", "b"]}, 404, "no chip a, b"),
        ("/forecast", {}, 400, "Field required"),
        ("/forecast", {"chip_id": 7}, 400, "valid string"),
        ("/forecast", {"chip_id": ""}, 400, "at least 1 character"),
        ("/forecast", {"chip_id": CHIP, "as_of": "soon"}, 400, "valid integer"),
        ("/forecast_batch", {"chip_ids": []}, 400, "at least 1 item"),
        ("/forecast_batch", {"chip_ids": CHIP}, 400, "valid array"),
        ("/forecast_batch", {"chip_ids": [CHIP] * (MAX_BATCH + 1)}, 400, "at most 1000 items"),
        ("/forecast_features", {"rows": []}, 400, "at least 1 item"),
        ("/forecast_features", {"rows": [{}] * (MAX_BATCH + 1)}, 400, "at most 1000 items"),
        (
            "/forecast_features",
            {"rows": [{"known_count": 3}]},
            400,
            "row 0 lacks months_since_first",
        ),
        ("/forecast_features", {"rows": [features(colour=3)]}, 400, "has unknown colour"),
        ("/forecast_features", {"rows": [features(known_count="many")]}, 400, "valid number"),
        ("/forecast_features", {"rows": [features(known_count=None)]}, 400, "known_count is null"),
        ("/forecast_features", {"rows": [features(known_count=-1)]}, 400, "expected 0 or more"),
    ],
)
def test_a_wrong_request_is_answered_with_its_reason(
    client: TestClient, path: str, body: dict[str, object], status: int, words: str
) -> None:
    answer = client.post(path, json=body)
    assert (answer.status_code, words in answer.text) == (status, True), answer.text


def test_an_infinite_feature_is_refused(client: TestClient) -> None:
    body = (
        b'{"rows": [{' + b", ".join(b'"%s": 1e999' % n.encode() for n in EXAMPLE_FEATURES) + b"}]}"
    )
    answer = client.post("/forecast_features", content=body)
    assert answer.status_code == 400
    assert "is infinite" in answer.text


def test_a_chip_without_an_observed_month_is_unknown(own_client: TestClient) -> None:
    with connect(role=Role.TRANSFORMER) as connection:
        connection.execute("insert into marts.dim_chip values (1, 'dark')")
    answer = own_client.post("/forecast", json={"chip_id": "dark"})
    assert (answer.status_code, answer.json()) == (
        404, {"error": "chip dark was not observed in any month"},
    )  # fmt: skip


def test_a_request_for_sql_is_only_an_unknown_chip(client: TestClient) -> None:
    answer = client.post("/forecast", json={"chip_id": "'; drop schema marts cascade; --"})
    assert answer.status_code == 404
    assert client.post("/forecast", json={"chip_id": CHIP}).status_code == 200


def test_without_feature_tables_the_answer_is_503_and_not_ready(own_client: TestClient) -> None:
    with connect(role=Role.TRANSFORMER) as connection:
        connection.execute("drop table features.chip_month")
    answer = own_client.post("/forecast", json={"chip_id": CHIP})
    assert answer.status_code == 503
    assert "run the main job first" in answer.json()["error"]
    assert own_client.get("/readyz").status_code == 503
    assert own_client.get("/livez").status_code == 200


def test_a_lost_connection_is_opened_anew(client: TestClient, trained: Trained) -> None:
    assert client.post("/forecast", json={"chip_id": CHIP}).status_code == 200
    drop_service_connections(trained.conninfo)
    assert client.post("/forecast", json={"chip_id": CHIP}).status_code == 200


def test_a_database_that_is_gone_gives_503_but_features_still_work(
    own_client: TestClient, trained_database: str, server_dsn: str
) -> None:
    assert own_client.get("/readyz").status_code == 200
    name = psycopg.conninfo.conninfo_to_dict(trained_database)["dbname"]
    with psycopg.connect(server_dsn, autocommit=True) as connection:
        drop = sql.SQL("drop database {} with (force)").format(sql.Identifier(str(name)))
        connection.execute(drop)
    answer = own_client.post("/forecast", json={"chip_id": CHIP})
    assert answer.status_code == 503
    assert "the warehouse does not answer" in answer.json()["error"]
    assert own_client.get("/readyz").status_code == 503
    rows = {"rows": [EXAMPLE_FEATURES]}
    assert own_client.post("/forecast_features", json=rows).status_code == 200


def test_no_database_named_is_said(
    client: TestClient, trained: Trained, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SN7_DSN")
    drop_service_connections(trained.conninfo)
    answer = client.post("/forecast", json={"chip_id": CHIP})
    assert answer.status_code == 503
    assert "set SN7_DSN, or PGHOST" in answer.json()["error"]


def test_libpq_variables_name_the_database_as_well(
    client: TestClient, trained: Trained, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SN7_DSN")
    parameters = psycopg.conninfo.conninfo_to_dict(trained.conninfo)
    for keyword, variable in LIBPQ_VARIABLES.items():
        if keyword in parameters:
            monkeypatch.setenv(variable, str(parameters[keyword]))
    drop_service_connections(trained.conninfo)
    assert client.post("/forecast", json={"chip_id": CHIP}).status_code == 200


def test_the_service_reads_with_the_rights_of_its_role_only(own_client: TestClient) -> None:
    assert own_client.post("/forecast", json={"chip_id": CHIP}).status_code == 200
    with connect() as connection:
        connection.execute("revoke select on features.chip_month from service")
    answer = own_client.post("/forecast", json={"chip_id": CHIP})
    assert answer.status_code == 503
    assert "permission denied" in answer.json()["error"]


def test_the_example_features_are_those_of_the_model(client: TestClient) -> None:
    assert tuple(EXAMPLE_FEATURES) == load_params().features
    assert client.post("/forecast_features", json={"rows": [EXAMPLE_FEATURES]}).status_code == 200
