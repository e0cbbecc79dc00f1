"""The entity diagram: the star and the features with their keys, drawn from the manifest as SVG."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape
from typing import Final

from docs.site.catalogue import Table

WIDTH: Final = 250
ROW: Final = 18
HEAD: Final = 26
GAP: Final = 26
COLUMN_GAP: Final = 130
MARGIN: Final = 20

STYLE: Final = """
svg { font: 12px system-ui, sans-serif; }
.box { fill: #fff; stroke: #555; }
.head { fill: #dde7f3; stroke: #555; }
.name { font-weight: 600; }
.line { fill: none; stroke: #4a6fa5; stroke-width: 1.3; }
text { fill: #111; }
"""


@dataclass(frozen=True, slots=True)
class _Box:
    table: Table
    x: int
    y: int

    @property
    def rows(self) -> list[str]:
        linked = [name for reference in self.table.references for name in reference.columns]
        return list(dict.fromkeys([*self.table.key, *linked]))

    @property
    def height(self) -> int:
        return HEAD + ROW * len(self.rows) + 6

    def middle(self, column: str) -> int:
        return self.y + HEAD + ROW * self.rows.index(column) + ROW // 2 + 2


def entity_diagram(tables: Sequence[Table]) -> str:
    """Return the diagram of all tables that have keys: dimensions, facts, features side by side."""
    keyed = [table for table in tables if table.schema in {"marts", "features"} and table.key]
    lanes = [
        [table for table in keyed if table.name.startswith("dim_")],
        [table for table in keyed if table.name.startswith(("fact_", "tracker_"))],
        [table for table in keyed if table.schema == "features"],
    ]
    boxes = {
        box.table.name: box for number, lane in enumerate(lanes) for box in _lane(lane, number)
    }
    width = MARGIN * 2 + WIDTH * len(lanes) + COLUMN_GAP * (len(lanes) - 1)
    height = max(box.y + box.height for box in boxes.values()) + MARGIN
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img">',
            "<title>Tables of the star and of the features with their keys</title>",
            f"<style>{STYLE}</style>",
            f'<rect width="{width}" height="{height}" fill="#fff"/>',
            *(line for box in boxes.values() for line in _links(box, boxes)),
            *(line for box in boxes.values() for line in _drawn(box)),
            "</svg>",
            "",
        ]
    )


def _lane(tables: Sequence[Table], number: int) -> Iterator[_Box]:
    y = MARGIN
    for table in tables:
        box = _Box(table, MARGIN + number * (WIDTH + COLUMN_GAP), y)
        yield box
        y += box.height + GAP


def _drawn(box: _Box) -> Iterator[str]:
    place = f'x="{box.x}" y="{box.y}" width="{WIDTH}" rx="4"'
    yield f'<rect class="box" {place} height="{box.height}"/>'
    yield f'<rect class="head" {place} height="{HEAD}"/>'
    title = escape(f"{box.table.schema}.{box.table.name}")
    yield f'<text class="name" x="{box.x + 8}" y="{box.y + 17}">{title}</text>'
    for name in box.rows:
        sign = "🔑 " if name in box.table.key else "↗ "
        yield f'<text x="{box.x + 8}" y="{box.middle(name) + 4}">{sign}{escape(name)}</text>'


def _links(box: _Box, boxes: dict[str, _Box]) -> Iterator[str]:
    for number, reference in enumerate(box.table.references):
        other = boxes.get(reference.table)
        if other is None:
            continue
        start = box.middle(reference.columns[0])
        end = other.y + HEAD // 2
        if other.x == box.x:  # within a lane: a bow to the left
            edge = box.x - 10 - 4 * number
            yield _path(f"M {box.x} {start} H {edge} V {end} H {other.x}", box, other)
        else:
            left = other.x + WIDTH
            bend = left + (box.x - left) // 2
            curve = f"M {box.x} {start} C {bend} {start} {bend} {end} {left} {end}"
            yield _path(curve, box, other)


def _path(way: str, box: _Box, other: _Box) -> str:
    title = escape(f"{box.table.name} → {other.table.name}")
    return f'<path class="line" d="{way}"><title>{title}</title></path>'
