"""Forecasts of the service in this process: answers, and errors with their reasons."""

import json

import numpy as np
import psycopg
import pytest
from psycopg import sql

from ml.lifecycle.forecasting import forecast_chips
from ml.model.baselines import Baseline
from ml.model.chip_model import ForecastModel
from ml.model.history import History
from ml.training.params import load_params
from serving.api.fields import MAX_BATCH
from serving.api.questions import EXAMPLE_FEATURES
from tests.fixtures.service import TestClient
from tests.fixtures.trained import Trained, drop_service_connections
from warehouse.access import connect
from warehouse.connection.roles import Role

CHIP = "chip-1003"
JSON = {"Content-Type": "application/json"}
LIBPQ_VARIABLES = {
    "host": "PGHOST", "port": "PGPORT", "dbname": "PGDATABASE", "user": "PGUSER",
    "password": "PGPASSWORD",
}  # fmt: skip


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
            "and target = 'building_count' order by horizon"
        ).fetchall()
    found = own_client.post("/forecast", json={"chip_id": CHIP}).json()["forecasts"][0]["horizons"]
    names = ("horizon", "q10", "q50", "q90", "baseline")
    assert [tuple(one[name] for name in names) for one in found] == [
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
    request = {"chip_id": "chip-1001", "drivers": 0}
    alone = client.post("/forecast", json=request).json()["forecasts"]
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
    request = {"chip_id": CHIP, "drivers": 0}
    looked_up = client.post("/forecast", json=request).json()["forecasts"][0]
    for one, other in zip(forecast["horizons"], looked_up["horizons"], strict=True):
        assert one == other | {"month": None}


@pytest.mark.parametrize(
    ("path", "body", "status", "words"),
    [
        ("/forecast", {"chip_id": "nowhere"}, 404, "the warehouse has no chip nowhere"),
        ("/forecast", {"chip_id": CHIP, "as_of": 201001}, 404, "not observed in month 201001"),
        ("/forecast_batch", {"chip_ids": [CHIP, "a", "b"]}, 404, "no chip a, b"),
        ("/forecast", {}, 422, "body.chip_id: It is required"),
        ("/forecast", {"chip_id": 7}, 422, "body.chip_id: Input should be a valid string"),
        ("/forecast", {"chip_id": ""}, 422, "at least 1 character"),
        ("/forecast", {"chip_id": "a\0b"}, 422, "body.chip_id: String should match"),
        ("/forecast", {"chip_id": CHIP, "asof": 201906}, 422, "body.asof: There is no such key"),
        ("/forecast", {"chip_id": CHIP, "as_of": "201906"}, 422, "body.as_of: Input should be"),
        ("/forecast", {"chip_id": CHIP, "as_of": True}, 422, "body.as_of: Input should be"),
        ("/forecast", {"chip_id": CHIP, "as_of": 201813}, 422, "201813 is no month"),
        ("/forecast", {"chip_id": CHIP, "as_of": 201906.5}, 422, "body.as_of: Input should be"),
        ("/forecast_batch", {"chip_ids": []}, 422, "at least 1 item"),
        ("/forecast_batch", {"chip_ids": CHIP}, 422, "valid list"),
        ("/forecast_batch", {"chip_ids": [CHIP] * (MAX_BATCH + 1)}, 422, "at most 10000 items"),
        ("/forecast_features", {"rows": []}, 422, "at least 1 item"),
        ("/forecast_features", {"rows": [{}] * (MAX_BATCH + 1)}, 422, "rows.0.known_count"),
        (
            "/forecast_features",
            {"rows": [{"known_count": 3}]},
            422,
            "rows.0.months_since_first: It is",
        ),
        ("/forecast_features", {"rows": [features(colour=3)]}, 422, "rows.0.colour: There is no"),
        ("/forecast_features", {"rows": [features(known_count="5")]}, 422, "a valid number"),
        ("/forecast_features", {"rows": [features(known_count=True)]}, 422, "a valid number"),
        ("/forecast_features", {"rows": [features(known_count=None)]}, 422, "a valid number"),
        ("/forecast_features", {"rows": [features(known_count=-1)]}, 422, "rows.0.known_count"),
        ("/forecast_features", {"rows": [features(months_since_first=-8)]}, 422, "or equal to 0"),
        ("/forecast_features", {"rows": [features(month=13)]}, 422, "rows.0.month: Input should"),
        ("/forecast", {"chip_id": CHIP, "target": "people"}, 422, "body.target: Input should be"),
        ("/forecast_history", {"histories": []}, 422, "at least 1 item"),
        ("/forecast_history", {"histories": [{}]}, 422, "at least 1 item"),
        ("/forecast_history", {"histories": [{"201813": 5}]}, 422, "histories.0.201813"),
        ("/forecast_history", {"histories": [{"201812": "5"}]}, 422, "histories.0.201812"),
        ("/forecast_history", {"histories": [{"201812": -5}]}, 422, "histories.0.201812"),
    ],
)
def test_a_wrong_request_is_answered_with_its_reason(
    client: TestClient, path: str, body: dict[str, object], status: int, words: str
) -> None:
    answer = client.post(path, json=body)
    assert (answer.status_code, words in answer.text) == (status, True), answer.text


@pytest.mark.parametrize("literal", ["1e999", "NaN", "-Infinity"])
def test_a_number_that_is_none_is_refused_by_name(client: TestClient, literal: str) -> None:
    body = json.dumps({"rows": [features(net_change_3="?")]}).replace('"?"', literal)
    answer = client.post("/forecast_features", content=body, headers=JSON)
    assert answer.status_code == 422
    assert answer.json()["errors"] == [
        {"place": "body.rows.0.net_change_3", "reason": "Input should be a finite number"}
    ]


def test_a_chip_without_an_observed_month_is_unknown(own_client: TestClient) -> None:
    with connect(role=Role.TRANSFORMER) as connection:
        connection.execute("insert into marts.dim_chip values (1, 'dark')")
    answer = own_client.post("/forecast", json={"chip_id": "dark"})
    assert answer.status_code == 404
    assert answer.json()["detail"] == "chip dark was not observed in any month"


def test_a_request_for_sql_is_only_a_wrong_name(client: TestClient) -> None:
    answer = client.post("/forecast", json={"chip_id": "'; drop schema marts cascade; --"})
    assert answer.status_code == 422
    assert client.post("/forecast", json={"chip_id": CHIP}).status_code == 200


def test_without_feature_tables_the_answer_is_503_and_not_ready(own_client: TestClient) -> None:
    with connect(role=Role.TRANSFORMER) as connection:
        connection.execute("drop table features.chip_month")
    answer = own_client.post("/forecast", json={"chip_id": CHIP})
    assert answer.status_code == 503
    assert "run the main job first" in answer.json()["detail"]
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
    assert "the warehouse does not answer" in answer.json()["detail"]
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
    assert "set SN7_DSN, or PGHOST" in answer.json()["detail"]


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
    assert "permission denied" in answer.json()["detail"]


def test_the_example_features_are_those_of_the_model(client: TestClient) -> None:
    assert tuple(EXAMPLE_FEATURES) == load_params().features
    assert client.post("/forecast_features", json={"rows": [EXAMPLE_FEATURES]}).status_code == 200


def test_area_is_forecast_in_its_own_unit(client: TestClient) -> None:
    count = client.post("/forecast", json={"chip_id": CHIP}).json()
    area = client.post("/forecast", json={"chip_id": CHIP, "target": "built_area_m2"}).json()
    assert (count["unit"], area["unit"]) == ("buildings", "m2")
    assert area["target"] == "built_area_m2"
    assert area["forecasts"][0]["horizons"] != count["forecasts"][0]["horizons"]


def test_a_bare_history_is_forecast_as_the_model_does_it(
    client: TestClient, champion: ForecastModel
) -> None:
    counts = {"201901": 100, "201902": 104, "201904": 112, "201905": 115}
    answer = client.post("/forecast_history", json={"histories": [counts], "drivers": 2})
    assert answer.status_code == 200, answer.text
    (forecast,) = answer.json()["forecasts"]
    assert (forecast["as_of"], forecast["known_count"]) == (201905, 115)
    assert [one["month"] for one in forecast["horizons"]] == [201906, 201908, 201911, 202005]
    months = np.array([0, 1, 3, 4])
    history = History(months, np.array(list(counts.values()), dtype=float))
    expected = champion.predict_histories([history])
    found = [[one["q10"], one["q50"], one["q90"]] for one in forecast["horizons"]]
    assert found == pytest.approx(expected.quantiles[0], abs=0.0005)
    assert forecast["horizons"][0]["drivers"][0]["input"] == "expected change"


def test_drivers_and_what_all_chips_do_add_up_to_the_median(
    client: TestClient, champion: ForecastModel
) -> None:
    """LightGBM's shares with its mean, before calibration, which leaves the median as it is."""
    answer = client.post("/forecast", json={"chip_id": CHIP, "drivers": 20}).json()
    (forecast,) = answer["forecasts"]
    told = [sum(driver["effect"] for driver in one["drivers"]) for one in forecast["horizons"]]
    medians = [one["q50"] for one in forecast["horizons"]]
    order = [[abs(d["effect"]) for d in one["drivers"]] for one in forecast["horizons"]]
    assert order == [sorted(effects, reverse=True) for effects in order]
    # What is left is the same for all rows of a horizon: the mean of the booster's answers.
    assert np.sign(told[-1]) == np.sign(medians[-1])


@pytest.mark.parametrize(
    ("changed", "name"),
    [
        ({"known_count": 10, "net_change_1": 5000}, "last month"),
        ({"known_count": 1e308}, "level"),
        ({"months_since_first": 4000}, "months since first"),
    ],
)
def test_what_the_model_has_no_experience_of_is_flagged_and_answered(
    client: TestClient, changed: dict[str, float], name: str
) -> None:
    answer = client.post("/forecast_features", json={"rows": [features(**changed)]})
    assert answer.status_code == 200, answer.text
    (forecast,) = answer.json()["forecasts"]
    outside = {one["input"]: one for one in forecast["outside"]}
    assert not outside[name]["lowest"] <= outside[name]["value"] <= outside[name]["highest"]
    for one in forecast["horizons"]:
        assert one["q10"] <= one["q50"] <= one["q90"]


def test_what_the_model_was_trained_on_is_not_flagged(client: TestClient) -> None:
    chips = [f"chip-{1000 + number}" for number in range(60)]
    request = {"chip_ids": chips, "as_of": 201901}
    forecasts = client.post("/forecast_batch", json=request).json()["forecasts"]
    assert [one["outside"] for one in forecasts] == [[]] * len(chips)
