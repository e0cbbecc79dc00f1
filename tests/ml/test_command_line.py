"""``python -m ml``, as a user runs it."""

import os
import socket
import subprocess
import sys

from tests.fixtures.tables import write_world
from tests.fixtures.trained import Trained
from tests.fixtures.worlds import World, grow
from warehouse.access import connect
from warehouse.connection.settings import PROJECT_ROOT


def run(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "ml", *command],
        cwd=PROJECT_ROOT, env=os.environ | {"COLUMNS": "160"}, capture_output=True, text=True,
        check=False,
    )  # fmt: skip


def test_forecast_shows_the_fastest_chips_beside_the_baseline(trained_database: str) -> None:
    done = run("forecast")
    assert done.returncode == 0, done.stderr
    assert "Most new buildings in 12 months, net" in done.stdout
    assert "baseline" in done.stdout
    assert "480 rows for 60 chips written to ml.chip_forecast (model version 1" in done.stdout


def test_train_on_too_little_data_is_a_success_with_one_line(database: str) -> None:
    with connect() as connection:
        write_world(connection, World(features=grow(chips=1, months=1).features, targets=[]))
    done = run("train")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("too little data to train: 0 chips")
    assert done.stdout.count("\n") == 1


def test_missing_tables_end_in_one_sentence_and_exit_1(database: str) -> None:
    done = run("train")
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].startswith("error: relation")
    assert "Traceback" not in done.stderr


def test_rollback_and_replay_say_in_one_sentence_what_is_lacking(trained_database: str) -> None:
    for command, words in (
        (
            ("rollback",),
            "error: champion version 1 of building-growth replaced none, so there is nothing",
        ),
        (("replay", "none"), "error: there is no run none; `make mlflow` lists the runs"),
    ):
        done = run(*command)
        assert done.returncode == 1
        assert done.stderr.splitlines()[-1].startswith(words)
        assert "Traceback" not in done.stderr


def test_replay_names_the_files_that_came_out_equal(
    trained: Trained, trained_database: str
) -> None:
    done = run("replay", str(trained.report.run_id))
    assert done.returncode == 0, done.stderr
    assert "history-q90.txt, model.json are equal to the byte" in done.stdout


def test_the_pages_of_mlflow_ask_for_a_free_port(trained_database: str) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = run("ui", "--port", str(port))
    assert done.returncode == 1
    assert f"port {port} of 127.0.0.1 cannot be used" in done.stderr
