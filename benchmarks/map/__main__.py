"""``python -m benchmarks.map``: measure the map of the package built last, write its page."""

import json
import logging
import os
import statistics
from pathlib import Path
from typing import Annotated, Any, Final

import psycopg
import typer

from benchmarks.errors import BenchmarkError
from benchmarks.map.browsing import CHROMIUM, measure
from benchmarks.map.page import write_page
from benchmarks.map.pictures import take
from benchmarks.service.campaign import OURS
from benchmarks.service.processes import Running, free_port, started
from serving.bento.packaging import bento_folder, bentoml_environment, latest_tag
from warehouse.access import dsn
from warehouse.cli import command_line, run_cli
from warehouse.connection.roles import Role
from warehouse.connection.settings import PROJECT_ROOT

logger = logging.getLogger(__name__)
app = command_line(__doc__)

TILES: Final = 300
ROUNDS: Final = 3
_DENSEST: Final = """
    select chip_id, tile_x, tile_y, lat, lon, months.month
    from layers.chip_tile
    inner join marts.dim_chip using (chip_key)
    cross join lateral (
        select percentile_disc(0.7) within group (order by time_key) as month
        from marts.fact_chip_month
        where dim_chip.chip_key = fact_chip_month.chip_key
    ) as months
    order by length(mvt) desc
    limit 1
"""
_FIELDS: Final = ("chip_id", "tile_x", "tile_y", "lat", "lon", "month")


@app.command()
def run(
    out: Annotated[Path, typer.Option(help="Folder of the page.")] = PROJECT_ROOT / "docs",
    *,
    pictures: Annotated[bool, typer.Option(help="Take pictures of the map instead.")] = False,
) -> None:
    """Measure the map in Chromium; needs `make run` before it."""
    logging.getLogger("benchmarks").setLevel(logging.INFO)
    if not Path(CHROMIUM).exists():
        raise BenchmarkError(f"there is no {CHROMIUM}; on Debian install the package chromium")
    conninfo = dsn()
    chip = _densest(conninfo)
    source = bento_folder(latest_tag()) / "src"
    environment = bentoml_environment() | {
        "SN7_DSN": conninfo,
        "SN7_MODEL_BUNDLE": str(source / "model"),
        "SN7_SERVICE_DRAIN_SECONDS": "0",
    }
    port = free_port()
    load = os.getloadavg()[0]
    address = f"http://127.0.0.1:{port}"
    with started(OURS, port, folder=source, environment=environment) as running:
        if pictures:
            typer.echo("\n".join(map(str, take(address, chip, out / "images"))))
            return
        tile = _tile_ms(running, f"/tiles/buildings/13/{chip['tile_x']}/{chip['tile_y']}")
        logger.info("opening %s", chip["chip_id"])
        rounds = [measure(address, chip["chip_id"]) for _ in range(ROUNDS)]
    results: dict[str, Any] = {"load_before": round(load, 1), "chip": chip["chip_id"]}
    results |= {"tile_ms": tile, "rounds": rounds}
    (out / "map-speed.json").write_text(json.dumps(results, indent=2) + "\n", encoding="utf-8")
    typer.echo(write_page(results, out))


def _densest(conninfo: str) -> dict[str, Any]:
    with psycopg.connect(conninfo) as connection:
        connection.execute(f"set role {Role.SERVICE}")
        row = connection.execute(_DENSEST).fetchone()
    if row is None:
        raise BenchmarkError("the warehouse has no tiles; run `make run` first")
    return dict(zip(_FIELDS, row, strict=True))


def _tile_ms(running: Running, path: str) -> float:
    """Return CPU of the service per tile, milliseconds; the first one zips it."""
    running.ask(path, accept="gzip")
    found = []
    for _ in range(ROUNDS):
        before = running.cpu()
        for _ in range(TILES):
            running.ask(path, accept="gzip")
        found.append((running.cpu() - before) / TILES * 1000)
    return statistics.median(found)


if __name__ == "__main__":
    run_cli(app)
