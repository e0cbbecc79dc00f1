"""Settings come from the environment at the time of the call."""

from pathlib import Path

import pytest

from warehouse.connection.errors import SettingsError
from warehouse.connection.settings import PROJECT_ROOT, Settings, get_settings


def test_home_is_below_the_project_wherever_the_command_runs(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("SN7_HOME", raising=False)
    monkeypatch.chdir(tmp_path)
    assert get_settings().home_path == PROJECT_ROOT / ".warehouse"


def test_two_homes_keep_their_files_apart(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    folders = set()
    for name in ("one", "two"):
        monkeypatch.setenv("SN7_HOME", str(tmp_path / name))
        settings = get_settings()
        folders |= {settings.data, settings.logs, settings.mlflow, settings.bentoml}
    assert len(folders) == 8
    assert all(folder.is_dir() for folder in folders)


def test_an_empty_dsn_counts_as_unset(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SN7_DSN", "")
    assert get_settings().dsn is None


@pytest.mark.parametrize("port", ["five", "80", "70000"])
def test_a_wrong_port_names_the_variable_and_its_value(
    monkeypatch: pytest.MonkeyPatch, port: str
) -> None:
    monkeypatch.setenv("SN7_PORT", port)
    with pytest.raises(SettingsError, match=f"SN7_PORT is '{port}'"):
        get_settings()


def test_a_home_that_takes_no_folder_is_told_in_a_sentence(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path / "home")
    (settings.home_path / "bentoml").write_text("in the way")
    with pytest.raises(SettingsError, match=r"bentoml cannot be made \(File exists\)"):
        settings.folder("bentoml")
