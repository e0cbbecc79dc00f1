"""Dashboards and alerts as code: each query runs on real tables and on real metrics."""

import http.server
import json
import re
import shutil
import subprocess
import threading
import time
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
import yaml

from ml.lifecycle.schema import ensure_schema
from ml.retraining.ledger import Family, Training, ensure_ledger, note_training
from orchestration.dbt.months import Stage, note_months
from orchestration.inbox import ledger
from orchestration.inbox.ledger import State, Taken
from serving.edge.metrics import Metrics
from tests.fixtures.databases import free_port
from warehouse.access import connect
from warehouse.connection.roles import Role
from warehouse.connection.settings import PROJECT_ROOT

DEPLOY = PROJECT_ROOT / "deploy"
BOARDS = sorted((DEPLOY / "grafana" / "dashboards").glob("*.json"))
ALERTS = DEPLOY / "prometheus" / "alerts.yml"
PATIENCE_SECONDS = 60


def targets(kind: str) -> list[tuple[str, str]]:
    """Title of the panel and query, of all dashboards."""
    return [
        (f"{board.stem}: {panel['title']}", target[kind])
        for board in BOARDS
        for panel in json.loads(board.read_text("utf-8"))["panels"]
        for target in panel["targets"]
        if kind in target
    ]


@pytest.fixture(scope="module")
def watched(
    built_database: str,
    create_database: Callable[[str | None], str],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[psycopg.Connection]:
    """A copy of the built warehouse in which a run, a training and an inbox left their notes."""
    with psycopg.connect(built_database) as connection:
        name = connection.info.dbname
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SN7_DSN", create_database(name))
        patch.setenv("SN7_HOME", str(tmp_path_factory.mktemp("home")))
        with connect(role=Role.ORCHESTRATOR) as connection:
            taken = Taken("a.csv", "/inbox/a.csv", "1", "2", State.REFUSED, "ends early", "run")
            ledger.note(connection, taken)
            for stage in Stage:
                note_months(connection, stage, {201801: "digest"})
        with connect(role=Role.TRAINER) as connection:
            ensure_schema(connection)
            ensure_ledger(connection)
            training = Training("first", True, True, "good", 1, "run", 201912, 1408, "own", "x")
            note_training(connection, Family.CHIPS, training)
            connection.execute(
                "insert into ml.backtest (run_id, protocol, target, horizon, forecaster, "
                "rows_judged, mae, pinball, coverage) values "
                "('run', 'rolling_origin', 'building_count', 1, 'model', 9, 1, 1, 0.8)"
            )
            connection.execute(
                "insert into ml.chip_forecast select chip_key, 'building_count', min(as_of), 1, "
                "-1, 0, 1, 0, 1 from features.chip_target group by chip_key on conflict do nothing"
            )
        with connect(role=Role.ANALYST) as connection:
            yield connection


@pytest.mark.parametrize(("title", "query"), targets("rawSql"), ids=lambda text: text[:40])
def test_every_query_of_a_table_returns_rows_to_the_analyst(
    watched: psycopg.Connection, title: str, query: str
) -> None:
    rows = watched.execute(query.encode()).fetchall()

    assert rows, title


@pytest.fixture(scope="module")
def metrics() -> Metrics:
    """The service's own metrics after some requests."""
    made = Metrics()
    made.watch_pool(lambda: {"waiting": 0, "size": 4})
    made.answered("/forecast", "POST", 200, 0.01)
    made.answered("/forecast", "POST", 503, 0.01)
    made.forecast(3, rows=10, outside=1)
    return made


@pytest.fixture
def prometheus(metrics: Metrics, tmp_path: Path) -> Iterator[tuple[str, Callable[[], None]]]:
    """Address of a real Prometheus that scrapes each second, and a way to stop the service."""
    port, service = free_port(), _serve(metrics)
    config = yaml.safe_load((DEPLOY / "prometheus" / "prometheus.yml").read_text("utf-8"))
    config["global"] = {"scrape_interval": "1s", "evaluation_interval": "1s"}
    target = f"127.0.0.1:{service.server_port}"
    config["scrape_configs"][0]["static_configs"][0]["targets"] = [target]
    (tmp_path / "prometheus.yml").write_text(yaml.safe_dump(config))
    rules = ALERTS.read_text("utf-8")
    (tmp_path / "alerts.yml").write_text(re.sub(r"for: \w+", "for: 0s", rules))
    process = subprocess.Popen(
        [
            "prometheus", f"--config.file={tmp_path / 'prometheus.yml'}",
            f"--storage.tsdb.path={tmp_path / 'data'}", f"--web.listen-address=127.0.0.1:{port}",
        ],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    yield f"http://127.0.0.1:{port}/api/v1", service.shutdown_now
    process.terminate()
    process.wait(timeout=30)
    service.shutdown_now()


class _Service(http.server.ThreadingHTTPServer):
    def shutdown_now(self) -> None:
        self.shutdown()
        self.server_close()


def _serve(metrics: Metrics) -> _Service:
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            metrics.answered("/forecast", "POST", 200, 0.01)
            metrics.forecast(3, rows=1, outside=0)
            self.send_response(200)
            self.send_header("Content-Type", "text/plain; version=0.0.4")
            self.end_headers()
            self.wfile.write(metrics.text())

        def log_message(self, *_: object) -> None: ...

    server = _Service(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


def asked(address: str, **parameters: str) -> Any:
    try:
        query = urllib.parse.urlencode(parameters)
        with urllib.request.urlopen(f"{address}?{query}", timeout=10) as answer:  # noqa: S310
            return json.load(answer)["data"]
    except OSError:
        return None


def until(find: Callable[[], Any]) -> Any:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not (found := find()):
        assert time.monotonic() < deadline
        time.sleep(0.3)
    return found


def test_every_query_of_a_metric_returns_rows_and_an_alert_fires(
    prometheus: tuple[str, Callable[[], None]],
) -> None:
    address, stop_service = prometheus
    for title, expression in targets("expr"):

        def rows(expression: str = expression) -> Any:
            found = asked(f"{address}/query", query=expression)
            return found and found["result"]

        assert until(rows), title

    def firing() -> set[str]:
        found = asked(f"{address}/alerts") or {"alerts": []}
        return {one["labels"]["alertname"] for one in found["alerts"] if one["state"] == "firing"}

    assert "ServiceIsDown" not in firing()
    stop_service()
    until(lambda: "ServiceIsDown" in firing())


def test_every_metric_of_a_rule_is_one_of_the_services(metrics: Metrics) -> None:
    known = set(re.findall(r"^(\w+)[{ ]", metrics.text().decode(), re.M))
    rules = yaml.safe_load(ALERTS.read_text("utf-8"))["groups"][0]["rules"]
    named = {name for rule in rules for name in re.findall(r"\bsn7_\w+", rule["expr"])}

    assert named
    assert named - known == set()


def test_rules_alarm_when_they_should_and_else_not() -> None:
    promtool = shutil.which("promtool")
    assert promtool is not None
    for command in (["check", "config", "prometheus.yml"], ["test", "rules", "alerts_test.yml"]):
        done = subprocess.run(
            [promtool, *command], cwd=ALERTS.parent, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
