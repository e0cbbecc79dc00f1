"""What the service answers about trackers, as JSON: the contract."""

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class Answer(BaseModel):
    """Base of answers."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Tracker(Answer):
    """A tracker and its mean score."""

    tracker: str = Field(description="Name of the tracker.", examples=["careful"])
    scot: float | None = Field(
        description="Mean of SCOT over the chips that are scored; null where none is.",
        examples=[0.91],
    )
    chips_scored: int = Field(
        description="Chips scored as labels and predictions are now.", examples=[60]
    )
    chip_count: int = Field(description="Chips that its predictions name.", examples=[60])
    prediction_count: int = Field(description="Buildings that it predicts, of all months.")
    scored_at: datetime | None = Field(description="When it was last scored.")
    threshold: float | None = Field(description="IoU above which a prediction matched.")
    beta: float | None = Field(description="Weight of tracking against change.")
    least_area: float | None = Field(description="Labels below this many square pixels left out.")
    test_chips: list[str] | None = Field(description="Chips that alone were scored; null for all.")
    test_months: list[int] | None = Field(
        description="Months that alone were scored; null for all."
    )


class Trackers(Answer):
    """All trackers, the best first."""

    trackers: list[Tracker]


class ChipScore(Answer):
    """A tracker's counts and scores on one chip."""

    chip_id: str = Field(description="Name of the chip.")
    mismatches: int = Field(description="Matches that contradict an earlier one.")
    track_tp: int = Field(description="Matches without mismatches.")
    track_fp: int = Field(description="Ghosts and mismatches.")
    track_fn: int = Field(description="Misses and mismatches.")
    track_score: float = Field(description="F1 of these.")
    change_tp: int = Field(description="Matches of which both ids are new.")
    change_fp: int = Field(description="Other new predictions.")
    change_fn: int = Field(description="Other new buildings.")
    change_score: float = Field(description="F1 of these.")
    scot: float = Field(description="F-measure of change and track.")


class TrackerScores(Tracker):
    """A tracker with its scores by chip."""

    chips: list[ChipScore] = Field(description="By name.")


class Match(Answer):
    """A match, a miss (no prediction) or a ghost (no building) of one month."""

    kind: Literal["match", "switch", "miss", "ghost"] = Field(
        description="`switch`: a match that contradicts an earlier one."
    )
    building_id: int | None = Field(description="Id in the labels; null for a ghost.")
    predicted_id: int | None = Field(description="The tracker's own id; null for a miss.")
    iou: float | None = Field(description="Null without a match.")
    months_late: int | None = Field(
        description="Of a building that is new in this month: how late it was told, negative for "
        "early; null for others and where it was not told."
    )


class Matches(Answer):
    """What a tracker made of one chip in one month."""

    tracker: str = Field(description="Name of the tracker.")
    chip_id: str = Field(description="Name of the chip.")
    month: int = Field(description="year * 100 + month.", examples=[201907])
    matches: list[Match] = Field(description="Matches and misses by building, then ghosts.")
