"""Building ids for labels that have none.

SpaceNet 7's ``labels`` give every building the id 0. A building keeps its polygon to the letter
from month to month, so equal texts within a chip are the same building. Ids follow the rule of
the published ones: the first month 0..N-1 by decreasing area, later ones the running maximum + 1.
Exact duplicates within a month are told apart by their order.
"""

from collections import Counter

import shapely


class Identities:
    """The buildings of one chip; asked month by month."""

    def __init__(self) -> None:
        """Start with no building known."""
        self._ids: dict[tuple[str, int], int] = {}

    def assign(self, texts: list[str]) -> list[int]:
        """Return the building id of each polygon of the chip's next month.

        Args:
            texts: Polygon texts in the order of the file.
        """
        occurrences: Counter[str] = Counter()
        keys = []
        for text in texts:
            keys.append((text, occurrences[text]))
            occurrences[text] += 1
        unknown = [key for key in keys if key not in self._ids]
        if not self._ids:
            unknown.sort(key=lambda key: -_area(key[0]))
        first_free = len(self._ids)
        self._ids.update({key: first_free + n for n, key in enumerate(unknown)})
        return [self._ids[key] for key in keys]


def _area(text: str) -> float:
    area: float = shapely.from_wkt(text, on_invalid="ignore").area
    return area
