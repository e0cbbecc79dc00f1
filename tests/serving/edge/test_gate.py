"""What stands around the application: sizes, key, rate, headers, errors in one form, counts."""

import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest

from ml.model.chip_model import ForecastModel
from serving.edge.problems import MEDIA_TYPE
from serving.lookup.features import FeatureLookup
from tests.fixtures.service import TestClient, served

JSON = {"Content-Type": "application/json"}


@pytest.fixture
def guarded(model: ForecastModel) -> Iterator[TestClient]:
    """A service with a key and a small limit of bodies; it needs no warehouse."""
    with served(model, api_key="a secret", max_body=2048) as client:
        yield client


@pytest.fixture
def plain(model: ForecastModel, monkeypatch: pytest.MonkeyPatch) -> Iterator[TestClient]:
    """A service with its defaults, and no warehouse."""
    for name in ("SN7_DSN", "PGHOST", "PGHOSTADDR", "PGSERVICE", "PGDATABASE"):
        monkeypatch.delenv(name, raising=False)
    with served(model) as client:
        yield client


def feature_names(client: TestClient) -> list[str]:
    """The columns of the model, as the service describes them."""
    schemas = client.get("/openapi.json").json()["components"]["schemas"]
    return list(schemas["FeatureRow"]["properties"])


@pytest.mark.parametrize(
    ("method", "path", "sent", "status", "words"),
    [
        ("GET", "/nowhere", {}, 404, "there is nothing at /nowhere"),
        ("GET", "/chips/", {}, 404, "there is nothing at /chips/"),
        ("DELETE", "/forecast", {}, 405, "DELETE is not for this address"),
        ("POST", "/livez", {}, 405, "POST is not for this address"),
        ("GET", "/readyz", {}, 503, "not ready: the warehouse does not answer (no warehouse"),
        ("GET", "/chips", {}, 503, "set SN7_DSN, or PGHOST"),
        ("GET", "/chips/a%00b", {}, 422, "path.chip_id: String should match"),
        ("GET", "/chips?limit=0", {}, 422, "query.limit: Input should be greater"),
        ("GET", "/chips?limit=1e2", {}, 422, "query.limit: expected a whole number"),
        ("GET", "/chips?limit=5&limit=6", {}, 422, "query.limit: the parameter stands there twice"),
        ("GET", "/chips?limits=5", {}, 422, "unknown parameter; expected after, aoi_key, limit"),
        ("GET", "/chips/x/forecast?as_of=201813", {}, 422, "query.as_of: 201813 is no month"),
        ("GET", "/chips/x/forecast?as_of=+20181", {}, 422, "query.as_of: expected six digits"),
        ("GET", "/aois/99999999999", {}, 422, "path.aoi_key: Input should be less than"),
        ("POST", "/forecast", {"content": b"{}"}, 415, "Content-Type is not set"),
        ("POST", "/forecast", {"data": {"chip_id": "x"}}, 415, "application/x-www-form-urlencoded"),
        ("POST", "/forecast", {"content": b"{", "headers": JSON}, 422, "body: expected JSON"),
        ("POST", "/forecast", {"content": b"\xff", "headers": JSON}, 422, "expected UTF-8"),
        ("POST", "/forecast", {"content": b"[" * 60_000, "headers": JSON}, 422, "too deep"),
        ("POST", "/forecast", {"content": b"[" * 70_000, "headers": JSON}, 422, "more than 65536"),
        ("POST", "/forecast", {"content": b'{"a": 1, "a": 2}', "headers": JSON}, 422, "'a' stands"),
        ("POST", "/forecast", {"content": b"", "headers": JSON}, 422, "expected JSON"),
        ("POST", "/forecast", {"content": b"null", "headers": JSON}, 422, "body: Input should be"),
        ("POST", "/forecast", {"content": b" " * 9_000_000, "headers": JSON}, 413, "at most 8388"),
        ("POST", "/nowhere", {"content": b" " * 9_000_000, "headers": JSON}, 413, "at most 8388"),
    ],
)
def test_every_refusal_has_one_form_and_its_reason(
    plain: TestClient, method: str, path: str, sent: dict[str, Any], status: int, words: str
) -> None:
    answer = plain.request(method, path, **sent)
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == MEDIA_TYPE
    found = answer.json()
    assert (found["type"], found["status"]) == ("about:blank", status)
    assert words in found["detail"]
    assert found["request_id"] == answer.headers["x-request-id"]


def test_a_bug_is_a_500_in_the_same_form_and_a_traceback_in_the_log(
    plain: TestClient, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError("a bug")

    monkeypatch.setattr(FeatureLookup, "look_up", broken)
    with caplog.at_level(logging.ERROR, logger="serving"):
        answer = plain.post(
            "/forecast", json={"chip_id": "x"}, headers={"X-Request-ID": "abcdefgh"}
        )
    assert (answer.status_code, answer.headers["content-type"]) == (500, MEDIA_TYPE)
    assert "a bug" not in answer.text
    assert answer.json()["request_id"] == "abcdefgh"
    (record,) = caplog.records
    assert record.exc_info is not None


def test_a_body_without_a_length_is_cut_off_at_the_limit(guarded: TestClient) -> None:
    seen = 0

    def endless() -> Iterator[bytes]:
        nonlocal seen
        for _ in range(10_000):
            seen += 1
            yield b" " * 1024

    answer = guarded.post("/forecast", content=endless(), headers=JSON | {"X-API-Key": "a secret"})
    assert answer.status_code == 413
    assert answer.headers["content-type"] == MEDIA_TYPE


def test_with_a_key_nothing_but_health_is_told_without_it(guarded: TestClient) -> None:
    refused = guarded.get("/openapi.json", headers={"X-API-Key": "another"})
    assert (refused.status_code, refused.headers["content-type"]) == (401, MEDIA_TYPE)
    assert "www-authenticate" in refused.headers
    assert guarded.get("/nowhere").status_code == 401
    assert guarded.get("/livez").status_code == 200
    granted = guarded.get("/openapi.json", headers={"X-API-Key": "a secret"})
    assert granted.json()["security"] == [{"key": []}]


def test_beyond_the_rate_the_answer_says_how_long_to_wait(model: ForecastModel) -> None:
    with served(model, rate_limit=3) as client:
        assert [client.get("/openapi.json").status_code for _ in range(4)] == [200, 200, 200, 429]
        refused = client.get("/openapi.json")
        assert refused.headers["content-type"] == MEDIA_TYPE
        assert 0 < int(refused.headers["retry-after"]) <= 20
        assert client.get("/livez").status_code == 200


def test_only_listed_origins_may_read_answers(model: ForecastModel) -> None:
    with served(model, cors_origins="https://map.example, https://b.example") as client:
        listed = client.get("/livez", headers={"Origin": "https://map.example"})
        assert listed.headers["access-control-allow-origin"] == "https://map.example"
        other = client.get("/livez", headers={"Origin": "https://evil.example"})
        assert "access-control-allow-origin" not in other.headers
        asked = {"Origin": "https://b.example", "Access-Control-Request-Method": "POST"}
        assert client.options("/forecast", headers=asked).status_code == 200


def test_pages_load_nothing_from_elsewhere(plain: TestClient) -> None:
    for path in ("/", "/docs"):
        page = plain.get(path)
        assert page.status_code == 200
        assert "://" not in page.text
        assert "default-src 'self'" in page.headers["content-security-policy"]
    for file in ("swagger-ui.css", "swagger-ui-bundle.js", "start.js"):
        assert plain.get(f"/docs/{file}").status_code == 200


def test_head_is_get_without_its_body(plain: TestClient) -> None:
    assert plain.head("/openapi.json").status_code == 200


def test_large_answers_are_zipped_for_those_who_take_it(plain: TestClient) -> None:
    zipped = plain.get("/openapi.json", headers={"Accept-Encoding": "gzip"})
    assert zipped.headers["content-encoding"] == "gzip"
    whole = plain.get("/openapi.json", headers={"Accept-Encoding": "identity"})
    assert "content-encoding" not in whole.headers
    assert whole.json() == zipped.json()


def test_requests_and_forecasts_are_counted_and_paths_make_no_series(plain: TestClient) -> None:
    plain.get("/some/path")
    plain.request("BREW", "/livez")
    row = dict.fromkeys(feature_names(plain), 1.0) | {"known_count": 1e308}
    assert plain.post("/forecast_features", json={"rows": [row]}).status_code == 200
    metrics = plain.get("/metrics").text
    assert 'sn7_requests_total{method="GET",route="none",status="404"} 1.0' in metrics
    assert 'sn7_requests_total{method="other",route="/livez",status="405"} 1.0' in metrics
    assert 'sn7_forecasts_total{model_version="None"} 1.0' in metrics
    assert 'sn7_inputs_outside_total{model_version="None"} 1.0' in metrics
    assert 'sn7_pool{what="largest"} 4.0' in metrics


def test_the_largest_batch_fits_into_the_largest_body(plain: TestClient) -> None:
    row = dict.fromkeys(feature_names(plain), 11.2345678)
    rows = [row] * 10_000
    content = json.dumps({"rows": rows}, separators=(",", ":"))
    answer = plain.post("/forecast_features", content=content, headers=JSON)
    assert answer.status_code == 200, answer.text[:300]
    assert len(answer.json()["forecasts"]) == 10_000
