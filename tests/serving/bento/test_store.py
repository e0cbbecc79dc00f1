"""The package is whole or not there: kills at any write, two at once, halves of earlier ones."""

import random
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from ml.model.chip_model import ForecastModel
from serving.bento.errors import NoBentoError
from serving.bento.packaging import Bento, latest_tag, package
from serving.bento.store import is_whole
from warehouse.connection.settings import PROJECT_ROOT

pytestmark = pytest.mark.slow

PACKAGE = """
import sys
from pathlib import Path
from ml.model.chip_model import ForecastModel
from serving.bento.packaging import package
print(package(ForecastModel.load(Path(sys.argv[1])).with_version(1)).tag)
"""


@pytest.fixture(scope="module")
def bundle(model: ForecastModel, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("bundle")
    model.save(folder)
    return folder


@pytest.fixture(scope="module")
def packaged(bundle: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home in which the model was packaged once; tests take copies of it."""
    home = tmp_path_factory.mktemp("packaged")
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("SN7_HOME", str(home))
        package(ForecastModel.load(bundle).with_version(1))
    return home


@pytest.fixture
def home(packaged: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the home."""
    copy = tmp_path / "home"
    shutil.copytree(packaged, copy)
    monkeypatch.setenv("SN7_HOME", str(copy))
    return copy


@pytest.fixture
def empty_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SN7_HOME", str(tmp_path / "empty"))
    return tmp_path / "empty"


def start(bundle: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", PACKAGE, str(bundle)],
        cwd=PROJECT_ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def bentos(home: Path) -> list[Path]:
    return [path for path in (home / "bentoml" / "bentos").glob("*/*") if path.is_dir()]


def assert_whole(home: Path, bento: Bento) -> None:
    assert bentos(home) == [bento.folder]
    assert is_whole(bento.folder)
    assert (bento.folder / "bento.yaml").is_file()
    assert "lightgbm==" in (bento.folder / "env/python/requirements.txt").read_text()
    assert latest_tag() == bento.tag
    assert not (home / "bentoml" / "building").exists()


@pytest.mark.parametrize(
    "until",
    ["building/*/context/model", "building/*/store/*", "building/*/store/**/bento.yaml",
     "bentos/*/*", "bentos/*/latest"],
)  # fmt: skip
def test_a_kill_at_a_write_leaves_nothing_half(empty_home: Path, bundle: Path, until: str) -> None:
    process = start(bundle)
    while process.poll() is None and not list((empty_home / "bentoml").glob(until)):
        time.sleep(0.002)
    process.kill()
    process.communicate()

    assert all(map(is_whole, bentos(empty_home)))
    assert_whole(empty_home, package(ForecastModel.load(bundle).with_version(1)))


def test_kills_at_random_moments_leave_nothing_half(empty_home: Path, bundle: Path) -> None:
    started = time.monotonic()
    process = start(bundle)
    process.communicate()
    assert process.returncode == 0
    whole = time.monotonic() - started
    shutil.rmtree(empty_home)
    for _ in range(4):
        process = start(bundle)
        time.sleep(random.uniform(0.3, 1.0) * whole)
        process.kill()
        process.communicate()
        assert all(map(is_whole, bentos(empty_home)))

    assert_whole(empty_home, package(ForecastModel.load(bundle).with_version(1)))


def test_two_at_once_make_one_package(empty_home: Path, bundle: Path) -> None:
    outcomes = [process.communicate() for process in (start(bundle), start(bundle))]

    assert outcomes[0] == outcomes[1]
    [folder] = bentos(empty_home)
    assert is_whole(folder)
    assert latest_tag() == outcomes[0][0].strip()


@pytest.mark.parametrize(
    "damage",
    [
        lambda folder: shutil.rmtree(folder / "env"),
        lambda folder: (folder / "bento.yaml").unlink(),
        lambda folder: (folder / "src/model/building_count-q10.txt").write_bytes(b""),
    ],
    ids=["requirements", "description", "model"],
)
def test_half_a_package_is_built_anew(
    home: Path, bundle: Path, damage: Callable[[Path], None]
) -> None:
    [folder] = bentos(home)
    damage(folder)
    with pytest.raises(NoBentoError):
        latest_tag()

    bento = package(ForecastModel.load(bundle).with_version(1))

    assert bento.built
    assert_whole(home, bento)


def test_a_lost_latest_is_written_again(home: Path, bundle: Path) -> None:
    (home / "bentoml/bentos/building_growth/latest").unlink()
    with pytest.raises(NoBentoError):
        latest_tag()

    bento = package(ForecastModel.load(bundle).with_version(1))

    assert not bento.built
    assert_whole(home, bento)


def test_bytecode_of_a_served_package_is_no_damage(home: Path, bundle: Path) -> None:
    [folder] = bentos(home)
    (folder / "src/serving/__pycache__").mkdir()
    (folder / "src/serving/__pycache__/x.pyc").write_bytes(b"x")

    assert not package(ForecastModel.load(bundle).with_version(1)).built
