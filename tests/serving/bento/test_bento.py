"""The built bento behind real HTTP, in processes of its own."""

import dataclasses
import pickle
import socket
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import psycopg
import pytest
from psycopg import sql

from ml.lifecycle import tracking
from serving.api.champion import BUNDLE_FOLDER
from serving.bento.packaging import NO_BENTO, Bento, build_bento, latest_tag, package
from tests.fixtures.service import Server, StartServer
from tests.fixtures.trained import Trained
from warehouse.connection.settings import PROJECT_ROOT

CHIP = "chip-1003"
TRAINING_LIBRARIES = ("mlflow", "pandas", "polars", "dagster", "sklearn", "matplotlib", "pyarrow")


def command_line(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "serving", *arguments],
        cwd=PROJECT_ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip


def test_the_bento_forecasts_over_http(server: Server) -> None:
    answer = server.call("/forecast", {"chip_id": CHIP})
    assert answer.status == 200
    assert answer.json["model_version"] == 1
    batch = server.call("/forecast_batch", {"chip_ids": [CHIP, "chip-1001"], "drivers": 3})
    assert batch.json["forecasts"][0] == answer.json["forecasts"][0]  # type: ignore[index]


def test_errors_carry_their_reason_over_http(server: Server) -> None:
    unknown = server.call("/forecast", {"chip_id": "nowhere"})
    assert unknown.status == 404
    assert unknown.json["detail"] == "the warehouse has no chip nowhere"
    assert server.call("/forecast_batch", {"chip_ids": []}).status == 422
    assert server.call("/forecast", b"{no json").status == 422
    assert server.call("/nothing").status == 404


def test_a_pickle_is_refused(server: Server) -> None:
    answer = server.call(
        "/forecast", pickle.dumps({"chip_id": CHIP}), content_type="application/vnd.bentoml+pickle"
    )
    assert answer.status == 415


def test_health_readiness_metrics_and_documentation(server: Server) -> None:
    assert server.call("/livez").status == 200
    assert server.call("/readyz").status == 200
    server.call("/forecast", {"chip_id": CHIP})
    metrics = server.call("/metrics").text
    assert 'sn7_requests_total{method="POST",route="/forecast",status="200"}' in metrics
    assert 'sn7_forecasts_total{model_version="1"}' in metrics
    documented = server.call("/openapi.json").json
    assert {"/forecast", "/forecast_batch", "/forecast_features"} <= set(documented["paths"])  # type: ignore[call-overload]
    for example in ("L15-0331E-1257N_1327_3160_13", '"net_change_12"', '"examples"'):
        assert example in server.call("/openapi.json").text


def test_many_callers_at_once_get_each_their_own_answer(server: Server) -> None:
    chips = [f"chip-{1000 + number % 60}" for number in range(120)]
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda chip: server.call("/forecast", {"chip_id": chip}), chips))
    assert {answer.status for answer in answers} == {200}
    found = [answer.json["forecasts"][0]["chip_id"] for answer in answers]  # type: ignore[index]
    assert found == chips


def test_the_service_process_loads_no_training_library(server: Server) -> None:
    """Read from the memory maps of the process and of all its children."""
    family = psutil.Process(server.process.pid)
    loaded = {
        Path(m.path) for p in (family, *family.children(recursive=True)) for m in p.memory_maps()
    }
    parts = {part for path in loaded for part in path.parts}
    assert "lightgbm" in parts
    assert parts.isdisjoint(TRAINING_LIBRARIES)


def test_the_service_listens_on_loopback_only(server: Server) -> None:
    family = psutil.Process(server.process.pid)
    processes = (family, *family.children(recursive=True))
    listening = {
        one.laddr.ip for process in processes for one in process.net_connections("inet")
        if one.status == psutil.CONN_LISTEN and one.laddr.port == server.port
    }  # fmt: skip
    assert listening == {"127.0.0.1"}


def test_the_tag_alone_is_enough_to_serve(
    trained: Trained, bento: Bento, start_server: StartServer, tmp_path: Path
) -> None:
    """`bentoml serve TAG` far from the project: the bento brings code and model."""
    log = tmp_path / "log.txt"
    environment = {
        "BENTOML_HOME": f"{trained.home}/bentoml", "BENTOML_DO_NOT_TRACK": "True",
        "SN7_DSN": trained.conninfo, "SN7_HOME": str(tmp_path / "nowhere"),
    }  # fmt: skip
    server = start_server(
        ["bentoml", "serve", bento.tag], cwd=tmp_path, environment=environment, log=log
    )
    assert server.call("/forecast", {"chip_id": CHIP}).status == 200
    assert not (tmp_path / "nowhere").exists()


def test_the_bento_holds_what_it_needs_and_no_training_code(bento: Bento) -> None:
    source = bento.folder / "src"
    held = {str(path.relative_to(source)) for path in source.rglob("*") if path.is_file()}
    assert {
        "model/model.json",
        "model/q10.txt",
        "serving/api/service.py",
        "ml/model/chip_model.py",
    } <= held
    assert not {name for name in held if "training" in name or "tracking" in name}
    lock = (bento.folder / "env" / "python" / "requirements.txt").read_text("utf-8")
    assert "lightgbm==" in lock
    pins = [line for line in lock.splitlines() if "==" in line]
    assert all(line.endswith("\\") for line in pins), "a version without hashes"
    assert sum(line.startswith("bentoml==") for line in pins) == 1
    assert "://" not in lock
    for library in ("mlflow==", "pandas==", "polars==", "dagster==", "dbt-core=="):
        assert library not in lock


def test_packaging_again_changes_nothing_and_a_new_version_makes_a_new_bento(
    trained: Trained, bento: Bento, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SN7_DSN", trained.conninfo)
    monkeypatch.setenv("SN7_HOME", trained.home)
    assert build_bento() == build_bento(1) == bento.tag
    assert latest_tag() == bento.tag
    champion = tracking.champion()
    assert champion is not None
    assert package(champion.model) == dataclasses.replace(bento, built=False)


def test_without_a_champion_there_is_nothing_to_package(database: str) -> None:
    done = command_line("build")
    assert (done.returncode, done.stdout) == (
        0, "no model has been registered yet, so there is nothing to package\n",
    )  # fmt: skip


def test_without_a_bento_the_command_says_what_to_run_first(database: str) -> None:
    done = command_line("serve")
    assert (done.returncode, done.stderr) == (1, f"error: {NO_BENTO}\n")


def test_a_port_in_use_ends_in_one_sentence(
    trained: Trained, bento: Bento, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SN7_DSN", trained.conninfo)
    monkeypatch.setenv("SN7_HOME", trained.home)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = command_line("serve", "--port", str(port))
    assert done.returncode == 1
    assert done.stderr.startswith(f"error: port {port} of 127.0.0.1 cannot be used")
    assert done.stderr.count("\n") == 1


def test_a_database_that_goes_away_under_a_running_server_gives_503(
    trained_database: str, server_dsn: str, bento: Bento, trained: Trained,
    start_server: StartServer, tmp_path: Path,
) -> None:  # fmt: skip
    environment = {"SN7_DSN": trained_database, "SN7_HOME": trained.home}
    server = start_server(
        ["serving", "serve"], cwd=PROJECT_ROOT, environment=environment, log=tmp_path / "log.txt"
    )
    assert server.call("/readyz").status == 200
    name = str(psycopg.conninfo.conninfo_to_dict(trained_database)["dbname"])
    with psycopg.connect(server_dsn, autocommit=True) as connection:
        connection.execute(sql.SQL("drop database {} with (force)").format(sql.Identifier(name)))
    gone = server.call("/forecast", {"chip_id": CHIP})
    assert gone.status == 503
    assert "the warehouse does not answer" in str(gone.json["detail"])
    assert (server.call("/readyz").status, server.call("/livez").status) == (503, 200)


def test_the_bundle_lies_beside_the_code_in_the_bento() -> None:
    assert BUNDLE_FOLDER.parent == PROJECT_ROOT
