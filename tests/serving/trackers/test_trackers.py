"""Trackers as the service tells them, on a whole warehouse of generated data."""

import pytest

from serving.api import fields
from serving.trackers import routes
from serving.trackers.answers import Matches, Trackers, TrackerScores
from tests.fixtures.service import TestClient
from warehouse.access import connect
from warehouse.connection.roles import Role


def test_trackers_are_listed_the_best_first(built_client: TestClient) -> None:
    listed = Trackers.model_validate_json(built_client.get("/trackers").content).trackers
    assert [one.tracker for one in listed] == ["careful", "sloppy"]
    assert all(one.chips_scored == 60 for one in listed)


def test_a_tracker_tells_its_scores_by_chip_and_their_mean(built_client: TestClient) -> None:
    told = TrackerScores.model_validate_json(built_client.get("/trackers/sloppy").content)
    with connect(role=Role.SERVICE) as connection:
        rows = connection.execute(
            "select chip_id, scot from marts.tracker_score inner join marts.dim_chip "
            "using (chip_key) where tracker = 'sloppy' order by chip_id"
        ).fetchall()
    assert [(chip.chip_id, chip.scot) for chip in told.chips] == rows
    assert told.scot == pytest.approx(sum(scot for _, scot in rows) / 60)


def test_matches_of_all_months_add_up_to_the_scores(built_client: TestClient) -> None:
    chip = built_client.get("/trackers/sloppy").json()["chips"][0]
    kinds: list[str] = []
    for month in [one["month"] for one in built_client.get("/months").json()["months"]]:
        path = f"/trackers/sloppy/chips/{chip['chip_id']}/matches?month={month}"
        told = Matches.model_validate_json(built_client.get(path).content)
        kinds += [match.kind for match in told.matches]
    assert kinds.count("match") == chip["track_tp"] > 0
    assert kinds.count("switch") == chip["mismatches"]
    assert kinds.count("ghost") == chip["track_fp"] - chip["mismatches"]
    assert kinds.count("miss") == chip["track_fn"] - chip["mismatches"]


@pytest.mark.parametrize(
    ("path", "status", "said"),
    [
        ("/trackers/nobody", 404, "no tracker nobody"),
        ("/trackers/nobody/chips/{chip}/matches?month=201901", 404, "no tracker nobody"),
        ("/trackers/sloppy/chips/L15-0000E-0000N_0_0_13/matches?month=201901", 404, "not scored"),
        ("/trackers/sloppy/chips/{chip}/matches?month=201913", 422, "no month"),
        ("/trackers/sloppy/chips/{chip}/matches", 422, "month"),
        ("/trackers/sloppy/chips/{chip}/matches?month=201901&chip=1", 422, "chip"),
        ("/trackers/a%20b", 422, "tracker"),
    ],
)
def test_what_is_not_there_or_no_question_is_said(
    built_client: TestClient, path: str, status: int, said: str
) -> None:
    chip = built_client.get("/chips?limit=1").json()["chips"][0]["chip_id"]
    answer = built_client.get(path.format(chip=chip))
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert said in answer.text


def test_what_did_not_change_is_not_sent_again(built_client: TestClient) -> None:
    tag = built_client.get("/trackers/careful").headers["etag"]
    assert built_client.get("/trackers/careful", headers={"If-None-Match": tag}).status_code == 304


def test_months_are_those_of_the_other_routes() -> None:
    assert (routes._FIRST_YEAR, routes._LAST_YEAR) == (fields.FIRST_YEAR, fields.LAST_YEAR)
