"""Random deliveries, one after the other: sources come, change, break, alternate and leave.

Beside the warehouse stands the plainest account of what it should hold.
"""

import json
import random
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from loaders.errors import NothingLoadedError
from loaders.load import load
from loaders.sources import forget
from loaders.terms.names import parse_filename
from tests.fixtures.sources import CHIP, HEADER, OTHER_CHIP, Raw, Row, filename, line, row, square

IMAGES = [filename(month, chip) for chip in (CHIP, OTHER_CHIP) for month in ("2018_01", "2018_02")]
SOURCES = ("a", "b", "c")
Rows = tuple[Row, ...]


@dataclass
class Delivery:
    """What a source says: rows of images, images that are unreadable, masks, masks that are."""

    rows: dict[str, Rows] = field(default_factory=dict)
    unreadable: set[str] = field(default_factory=set)
    masks: dict[str, int | None] = field(default_factory=dict)
    has_garbage: bool = False

    def write(self, root: Path) -> None:
        (root / "csvs").mkdir(parents=True, exist_ok=True)
        lines = [line(values) for rows in self.rows.values() for values in rows]
        lines += [f"{image},{n},broken" for image in sorted(self.unreadable) for n in (1, 2)]
        lines += ["garbage"] if self.has_garbage else []
        path = root / "csvs" / "labels.csv"
        path.write_text("\n".join([HEADER, *lines]) + "\n", encoding="utf-8")
        for old in root.rglob("*_UDM.geojson"):
            old.unlink()
        for image, number in self.masks.items():
            folder = root / "train" / image.partition("mosaic_")[2] / "labels"
            folder.mkdir(parents=True, exist_ok=True)
            path = folder / f"{image}_UDM.geojson"
            path.write_text("{" if number is None else mask(number), encoding="utf-8")


def mask(number: int) -> str:
    ring = [[number, 0], [number + 1, 0], [number + 1, 1], [number, 0]]
    geometry = {"type": "Polygon", "coordinates": [ring]}
    features = [{"type": "Feature", "properties": {}, "geometry": geometry}]
    return json.dumps({"type": "FeatureCollection", "features": features})


@dataclass
class Account:
    """What the warehouse should hold: each image in the version that came last, while claimed."""

    images: dict[str, tuple[int, Rows]] = field(default_factory=dict)
    claims: dict[tuple[str, str], int] = field(default_factory=dict)
    masks: dict[tuple[str, str], tuple[int, int]] = field(default_factory=dict)
    loads: int = 0

    def take(self, source: str, delivery: Delivery) -> None:
        self.loads += 1
        for image, rows in delivery.rows.items():
            if image not in self.images or self.images[image][1] != rows:
                self.images[image] = (self.loads, rows)
            self.claims[source, image] = self.images[image][0]
        for image, number in delivery.masks.items():
            if number is not None:
                self.masks[source, image] = (self.loads, number)
        if not delivery.has_garbage:
            known = delivery.rows.keys() | delivery.unreadable
            self._drop(source, images=known, masks=delivery.masks.keys())

    def forget(self, source: str) -> None:
        self.loads += 1
        self._drop(source, images=set(), masks=set())

    def _drop(self, source: str, *, images: object, masks: object) -> None:
        for owner, image in list(self.claims):
            if owner == source and image not in images:  # type: ignore[operator]
                version = self.claims.pop((owner, image))
                others = [v for (_, other), v in self.claims.items() if other == image]
                if version == self.images.get(image, (0,))[0] and version not in others:
                    del self.images[image]
        for owner, image in list(self.masks):
            if owner == source and image not in masks:  # type: ignore[operator]
                del self.masks[owner, image]

    def rows(self) -> list[Row]:
        return sorted(values for _, rows in self.images.values() for values in rows)

    def areas(self) -> dict[str, int]:
        newest: dict[str, tuple[int, int]] = {}
        for (_, image), found in self.masks.items():
            newest[image] = max(newest.get(image, (0, 0)), found)
        return {image: number for image, (_, number) in newest.items()}


def delivery_of(chance: random.Random) -> Delivery:
    found = Delivery(has_garbage=chance.random() < 0.2)
    for image in IMAGES:
        fate = chance.random()
        if fate < 0.6:
            month, chip = image[15:22], image[30:]
            found.rows[image] = tuple(
                row(n, month, chip, square(10 * n, chance.choice([5, 5, 9]))) for n in range(3)
            )
        elif fate < 0.75:
            found.unreadable.add(image)
        if chance.random() < 0.5:
            found.masks[image] = chance.choice([1, 2, 3, None])
    return found


def areas_of(raw: Raw) -> dict[str, int]:
    names = {(name.chip_key, name.time_key): name.filename for name in map(parse_filename, IMAGES)}
    found = raw.query(
        "select chip_key, time_key, split_part(polygon, ' ', 2) from raw.unusable_area"
    )
    return {names[chip_key, time_key]: int(str(x)[2:]) for chip_key, time_key, x in found}  # type: ignore[index]


def deliver(account: Account, source: str, delivery: Delivery, root: Path) -> bool:
    """Load a delivery; a source of which nothing can be loaded changes nothing."""
    delivery.write(root)
    is_faulty = delivery.has_garbage or delivery.unreadable or None in delivery.masks.values()
    if is_faulty and not delivery.rows:
        with pytest.raises(NothingLoadedError):
            load(root, source=source)
        return False
    load(root, source=source)
    account.take(source, delivery)
    return True


@pytest.mark.parametrize("seed", range(6))
def test_random_deliveries_end_where_the_plainest_account_ends(
    raw: Raw, tmp_path: Path, seed: int
) -> None:
    chance = random.Random(seed)
    account = Account()
    loaded: dict[str, Delivery] = {}
    for _ in range(14):
        source = chance.choice(SOURCES)
        delivery = delivery_of(chance)
        if source in loaded and chance.random() < 0.2:
            forget(source)
            account.forget(source)
            del loaded[source]
        elif delivery != loaded.get(source) and deliver(
            account, source, delivery, tmp_path / source
        ):
            loaded[source] = delivery
        assert raw.rows() == account.rows()
        assert areas_of(raw) == account.areas()
        assert raw.is_consistent()
