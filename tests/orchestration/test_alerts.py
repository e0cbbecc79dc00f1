"""Alerts arrive: in the log, at a webhook, by mail; one way that fails holds up no other."""

import http.server
import json
import threading
from collections.abc import Iterator
from email.message import Message
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.handlers import Message as MessageHandler

from orchestration.alerts import MAIL, WEBHOOK, Alert, Alerts, Urgency, alerts_of_environment
from orchestration.automation.watching import failed_runs, noteworthy, noteworthy_runs
from tests.fixtures.databases import free_port
from warehouse.connection.settings import get_settings

ALERT = Alert(Urgency.WARNING, "a check warns", "1 row of 7 was rejected", "run-1")


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SN7_HOME", str(tmp_path / "home"))


def logged() -> list[dict[str, Any]]:
    return [
        json.loads(line)
        for line in (get_settings().logs / "alerts.jsonl").read_text("utf-8").splitlines()
    ]


@pytest.fixture
def webhook() -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """Address of a server on loopback, and what was posted to it."""
    posted: list[dict[str, Any]] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            posted.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: object) -> None: ...

    server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/hook", posted
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def mailbox() -> Iterator[tuple[str, list[Message]]]:
    """Address of a mail server on loopback, and what it took."""
    taken: list[Message] = []

    class Handler(MessageHandler):
        def handle_message(self, message: Message) -> None:
            taken.append(message)

    controller = Controller(Handler(), hostname="127.0.0.1", port=free_port())
    controller.start()
    yield f"smtp://127.0.0.1:{controller.port}?from=sn7@example.org&to=team@example.org", taken
    controller.stop()


def test_an_alert_is_posted_and_logged(webhook: tuple[str, list[dict[str, Any]]]) -> None:
    address, posted = webhook

    assert Alerts(webhook=address).send(ALERT) == ["log", "webhook"]

    [body] = posted
    assert body["text"] == "warning: a check warns\n1 row of 7 was rejected"
    assert body["run_id"] == "run-1"
    assert [(line["subject"], line["urgency"]) for line in logged()] == [
        ("a check warns", "warning")
    ]


def test_an_alert_is_mailed(mailbox: tuple[str, list[Message]]) -> None:
    address, taken = mailbox

    assert Alerts(mail=address).send(ALERT) == ["log", "mail"]

    [message] = taken
    assert message["Subject"] == "[sn7] warning: a check warns"
    assert message["To"] == "team@example.org"
    assert "1 row of 7" in str(message.get_payload())


def test_a_way_that_fails_holds_up_no_other(webhook: tuple[str, list[dict[str, Any]]]) -> None:
    address, posted = webhook
    nowhere = f"smtp://127.0.0.1:{free_port()}?to=team@example.org"

    assert Alerts(webhook=address, mail=nowhere).send(ALERT) == ["log", "webhook"]
    assert Alerts(webhook="file:///etc/passwd", mail="nobody").send(ALERT) == ["log"]
    assert len(posted) == 1


def test_the_environment_says_where_alerts_go(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(WEBHOOK, "https://chat.example.org/hook")
    monkeypatch.setenv(MAIL, "")

    found = alerts_of_environment()

    assert (found.webhook, found.mail) == ("https://chat.example.org/hook", None)


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.ephemeral() as made:
        yield made


def test_a_failed_run_is_told_with_its_cause(instance: dg.DagsterInstance) -> None:
    @dg.op
    def load() -> None:
        raise ValueError("the file ends early")

    @dg.job
    def main() -> None:
        load()

    result = main.execute_in_process(instance=instance, raise_on_error=False)
    run = instance.get_run_by_id(result.run_id)
    assert run is not None
    context = dg.build_run_status_sensor_context(
        "failed_runs", result.get_run_failure_event(), instance, run, resources={"alerts": Alerts()}
    ).for_run_failure()

    failed_runs(context)

    [line] = logged()
    assert line["subject"] == f"run {run.run_id[:8]} of main failed"
    assert "ValueError: the file ends early" in line["text"]


def test_warnings_and_new_champions_are_told(instance: dg.DagsterInstance) -> None:
    @dg.asset(
        key=["ml", "trained_model"],
        check_specs=[dg.AssetCheckSpec("is_good", asset=["ml", "trained_model"])],
    )
    def trained_model() -> dg.MaterializeResult:  # type: ignore[type-arg]
        told: dict[str, Any] = {
            "trained": True,
            "promoted": True,
            "model_version": 3,
            "reason": "it is better",
        }
        return dg.MaterializeResult(
            metadata={**told, "due_because": "3 months have come"},
            check_results=[
                dg.AssetCheckResult(
                    passed=False, severity=dg.AssetCheckSeverity.WARN, metadata={"rows": 7}
                )
            ],
        )

    result = dg.materialize([trained_model], instance=instance)

    champion, warned = noteworthy(instance, result.run_id)

    assert (champion.urgency, champion.subject) == ("info", "model version 3 is champion")
    assert champion.text == "trained because: 3 months have come\nit is better"
    assert (warned.urgency, warned.subject) == ("warning", "1 checks warn")
    assert warned.text == "ml/trained_model, is_good (rows: 7)"
    assert noteworthy_runs.default_status is dg.DefaultSensorStatus.RUNNING
