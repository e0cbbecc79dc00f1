"""The service's own lock file: a part of the project's, with all that its extra needs."""

import re
import tomllib

from warehouse.connection.settings import PROJECT_ROOT

PIN = re.compile(r"^([A-Za-z0-9._-]+)(?:\[[^\]]*\])?==([^ ]+)", re.MULTILINE)
OURS = (PROJECT_ROOT / "serving" / "bento" / "requirements.lock").read_text("utf-8")
ALL = (PROJECT_ROOT / "requirements.lock").read_text("utf-8")


def hashes(lock: str) -> dict[tuple[str, str], set[str]]:
    """Hashes of each pinned package."""
    found = list(PIN.finditer(lock))
    ends = [match.start() for match in found[1:]] + [len(lock)]
    return {
        (match[1], match[2]): set(re.findall(r"sha256:[0-9a-f]{64}", lock[match.end() : end]))
        for match, end in zip(found, ends, strict=True)
    }


def test_it_is_a_small_part_of_the_project_s_lock() -> None:
    ours, all_of_them = hashes(OURS), hashes(ALL)
    assert 50 < len(ours) < 110
    assert all(ours.values())
    assert [pin for pin, known in ours.items() if not known <= all_of_them.get(pin, set())] == []


def test_it_holds_all_that_the_extra_asks_for() -> None:
    project = tomllib.loads((PROJECT_ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    wanted = project["dependencies"] + project["optional-dependencies"]["serving"]
    names = {name for name, _ in hashes(OURS)}
    assert {re.split(r"[\[<>=]", text)[0] for text in wanted} <= names
    assert "scipy" in names, "what LightGBM needs belongs to it"


def test_no_lock_names_an_index() -> None:
    assert "://" not in OURS + ALL
