"""SIGTERM under load, in processes of their own: every request that was taken is answered."""

import http.client
import json
import signal
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from serving.bento.packaging import Bento
from tests.fixtures.service import Server, StartServer
from tests.fixtures.trained import Trained

CLIENTS = 16
BODY = json.dumps({"chip_id": "chip-1003"})
JSON = {"Content-Type": "application/json"}


@dataclass
class Tally:
    """What came of the requests of all clients."""

    answered: int = 0
    lost: list[str] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)


def ask_until_refused(port: int, tally: Tally) -> None:
    """Send request after request; end when no connection is to be had any more."""
    connection: http.client.HTTPConnection | None = None
    while True:
        if connection is None:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
            try:
                connection.connect()
            except ConnectionRefusedError:
                return
        try:
            connection.request("POST", "/forecast", BODY, JSON)
            response = connection.getresponse()
            response.read()
        except (OSError, http.client.HTTPException) as error:
            with tally.lock:
                tally.lost.append(repr(error))
            return
        with tally.lock:
            tally.answered += response.status == 200
        if response.will_close:
            connection = None


def end_under_load(server: Server) -> Tally:
    """Let clients ask, end the process after a while, and wait for both."""
    tally = Tally()
    clients = [
        threading.Thread(target=ask_until_refused, args=(server.port, tally))
        for _ in range(CLIENTS)
    ]
    for client in clients:
        client.start()
    time.sleep(1)
    server.process.send_signal(signal.SIGTERM)
    for client in clients:
        client.join(timeout=120)
    assert server.process.wait(timeout=60) in {0, -signal.SIGTERM}
    return tally


@pytest.mark.parametrize("command", ["serving serve", "bentoml serve"])
def test_sigterm_under_load_loses_no_request(
    command: str, trained: Trained, bento: Bento, start_server: StartServer, tmp_path: Path
) -> None:
    environment = {
        "SN7_DSN": trained.conninfo,
        "SN7_HOME": trained.home,
        "BENTOML_HOME": f"{trained.home}/bentoml",
        "BENTOML_DO_NOT_TRACK": "True",
        "SN7_SERVICE_DRAIN_SECONDS": "0.5",
    }
    words = command.split() + ([bento.tag] if command.startswith("bentoml") else [])
    folder = bento.folder if command.startswith("bentoml") else Path(__file__).parents[3]
    server = start_server(words, cwd=folder, environment=environment, log=tmp_path / "log.txt")
    tally = end_under_load(server)
    assert tally.lost == []
    assert tally.answered > CLIENTS
