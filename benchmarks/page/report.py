"""The page ``docs/benchmarks.md``: written from the results, never by hand."""

import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from benchmarks.campaign import RESULTS
from benchmarks.contenders import OURS, SLOW_SHARE
from benchmarks.page.bounds import bounds_of
from benchmarks.page.picture import draw_loads, draw_targets
from benchmarks.page.wording import bytes_of, figure_of, seconds_of
from benchmarks.results import (
    BEFORE_LOAD,
    BEFORE_MODELS,
    DBT_START_UP,
    EVERYTHING,
    LOADER_START_UP,
    MODELS,
    MONTH_DBT_START_UP,
    MONTH_IDLE,
    MONTH_LOAD,
    MONTH_LOADER_START_UP,
    MONTH_MODELS,
    MONTH_TESTS,
    SCALED_LOAD,
    SYNTHESIS,
    UNIT_BESIDE_BUILDS,
    Results,
    Step,
)
from benchmarks.targets import judge

PAGE: Final = "benchmarks.md"
LOADS_PICTURE: Final = "images/benchmark-loads.svg"
TARGETS_PICTURE: Final = "images/benchmark-targets.svg"

_CHAIN: Final = (
    SYNTHESIS,
    LOADER_START_UP,
    OURS.key,
    SCALED_LOAD,
    UNIT_BESIDE_BUILDS,
    DBT_START_UP,
    MODELS,
    EVERYTHING,
    MONTH_LOADER_START_UP,
    BEFORE_LOAD,
    MONTH_DBT_START_UP,
    BEFORE_MODELS,
    MONTH_LOAD,
    MONTH_MODELS,
    MONTH_IDLE,
    MONTH_TESTS,
)

_METHOD: Final = f"""\
## How it is measured

- Everything runs on one server and one file, both local, one program at a time. Each run gets a
  fresh database; before each run a checkpoint and a `sync` bring earlier writes to the disk. The
  file is in the system's cache. Rounds begin with another program each time; figures are medians
  (memory: the largest peak).
- A time is that of the whole process: interpreter, imports, connection, commit. Memory is the peak
  of the process and its children, shared pages counted for each; the server's is not in it.
- The unit is one `psql \\copy` of the CSV into an empty table of three text columns. In a table
  made in the same transaction PostgreSQL can skip its write-ahead log (`wal_level = minimal`);
  that form is measured too. A machine's speed changes with its neighbours, so the unit is measured
  beside the loads and once more beside each build, right before the months; a ratio is to the
  nearer one.
- Slow peers get every {round(1 / SLOW_SHARE)}th row of a big file. Their time is scaled: start-up,
  measured on one row, counts once, the rest by the share of rows.
- The peers do less: they store text or geometry and check nothing. Ours checks every row, keeps
  each polygon once, hashes the file and keeps a ledger; it can give back the file to the byte.
- `ogr2ogr` copies (`PG_USE_COPY`) without a spatial index; `to_postgis` always makes one;
  pandas' `to_sql` inserts, as it does by default. The programs are in `benchmarks/peers/` and
  `benchmarks/contenders.py`.
- Start-up is what a program takes for as good as nothing: our loader for a folder with one row and
  one mask of a chip that the warehouse knows, dbt for one view on a warehouse that is loaded and
  not yet built.
- One more month: the last month of each chip is held back and named as one new month, the rest
  loaded and built, then the month is loaded from a file of its own and dbt builds what follows.
  It is compared with load and build of the months before it, minutes ago, start-up aside in both.

## To repeat it

```sh
make bench                                # about half an hour; writes bench-results/
python -m benchmarks --help               # parts, rounds, your own data
python -m benchmarks report               # from bench-results/ to docs/benchmarks.md
```

Programs and packages that are not installed are left out and named (`ogr2ogr`: Debian's
`gdal-bin`). Results are JSON, with every single run: `benchmarks.json` beside this page.
"""


def write_page(results: Results, folder: Path, *, source: Path) -> Path:
    """Write the page, its pictures and the figures behind them.

    Args:
        results: What was found.
        folder: Folder of the page.
        source: The file of results.

    Returns:
        The page.
    """
    folder.mkdir(parents=True, exist_ok=True)
    draw_loads(results, folder / LOADS_PICTURE)
    draw_targets(results, folder / TARGETS_PICTURE)
    figures = folder / RESULTS
    if figures.resolve() != source.resolve():
        shutil.copyfile(source, figures)
    page = folder / PAGE
    page.write_text(render(results))
    return page


def render(results: Results) -> str:
    """Return the page's Markdown."""
    parts = [
        "# Benchmarks",
        "<!-- Written by `python -m benchmarks report`; do not edit. -->",
        _summary(results),
        f"![The loads side by side]({LOADS_PICTURE})",
        "## Loading the CSV",
        _table(_load_rows(results)),
        *_left_out(results),
        "## From file to star",
        _table(_chain_rows(results)),
        "## Promises",
        _promise_note(results),
        f"![Promises and what was found]({TARGETS_PICTURE})",
        _table(_target_rows(results)),
        *bounds_of(results),
        *_lossless(results),
        *_sizes(results),
        "## Where it was measured",
        _machine(results),
        _METHOD,
    ]
    return "\n\n".join(part.strip() for part in parts) + "\n"


def _summary(results: Results) -> str:
    ours = results.steps[OURS.key]
    text = (
        f"On {results.data.rows:,} rows ({bytes_of(results.data.size_bytes)}) our loader takes "
        f"**{seconds_of(ours.seconds)}, {results.ratio(OURS.key):.2f} times one `psql \\copy`** "
        f"of the same file ({seconds_of(results.unit_seconds)}), and "
        f"{bytes_of(ours.peak_bytes)} of memory."
    )
    models = results.beyond_start_up(MODELS)
    if models is not None:
        unit = results.unit_beside(MODELS)
        text += (
            f" All models of the star take {seconds_of(models)} more, {models / unit:.2f} times "
            f"one `psql \\copy` at that time ({seconds_of(unit)})."
        )
    return text


def _load_rows(results: Results) -> Iterator[tuple[str, ...]]:
    yield "way", "leaves", "time", "ratio", "runs (s)", "memory", "CPU: program + server"
    loads = [(key, step) for key, step in results.steps.items() if step.kept is not None]
    for key, step in sorted(loads, key=lambda item: item[1].seconds):
        label = f"**{step.label}**" if key == OURS.key else step.label
        runs = " ".join(f"{run.seconds:.1f}" for run in step.runs)
        scaled = f" (scaled, {step.share:.0%} of the rows)" if step.share < 1 else ""
        yield (
            label,
            step.kept or "",
            seconds_of(step.seconds) + scaled,
            f"{results.ratio(key):.2f}",
            runs,
            bytes_of(step.peak_bytes),
            _cpu(step) if step.share == 1 else "",
        )


def _cpu(step: Step) -> str:
    server = step.server_cpu_seconds
    return f"{step.cpu_seconds:.1f} + {'?' if server is None else f'{server:.1f}'} s"


def _left_out(results: Results) -> Iterator[str]:
    for part, message in results.failed.items():
        yield f"**The part `{part}` failed**: {message}"
    if results.skipped:
        reasons = "; ".join(f"{key} ({reason})" for key, reason in results.skipped.items())
        yield f"Left out: {reasons}."


def _chain_rows(results: Results) -> Iterator[tuple[str, ...]]:
    yield "step", "time", "beyond start-up", "ratio", "runs (s)", "memory", "CPU: program + server"
    for key in _CHAIN:
        step = results.steps.get(key)
        if step is None:
            continue
        beyond = results.beyond_start_up(key)
        yield (
            step.label,
            seconds_of(step.seconds),
            "" if beyond is None else seconds_of(beyond),
            "" if beyond is None else f"{beyond / results.unit_beside(key):.2f}",
            " ".join(f"{run.seconds:.1f}" for run in step.runs),
            bytes_of(step.peak_bytes),
            _cpu(step),
        )


def _promise_note(results: Results) -> str:
    if results.is_full_size:
        return "What the project promises for the full size, and what was found."
    return (
        f"The promises are for the full size. This is what {results.data.rows:,} rows give, where "
        "start-up weighs far more: to find bugs, not to judge by."
    )


def _target_rows(results: Results) -> Iterator[tuple[str, ...]]:
    yield "promise", "limit", "found", "met"
    for verdict in judge(results):
        unit = verdict.target.unit
        yield (
            verdict.target.name,
            figure_of(verdict.target.limit, unit),
            figure_of(verdict.measured, unit),
            "yes" if verdict.is_met else "**no**",
        )


def _lossless(results: Results) -> Iterator[str]:
    if results.is_lossless is not None:
        verb = "equals" if results.is_lossless else "**differs from**"
        yield f"The sorted export of `raw.pixel_row` {verb} the sorted CSV, byte for byte."


def _sizes(results: Results) -> Iterator[str]:
    if results.schema_bytes:
        sizes = ", ".join(
            f"`{schema}` {bytes_of(size)}" for schema, size in results.schema_bytes.items()
        )
        yield f"On disk, indexes included: {sizes}."


def _machine(results: Results) -> str:
    machine = results.machine
    versions = ", ".join(f"{name} {version}" for name, version in machine.versions.items())
    settings = ", ".join(f"`{name} = {value}`" for name, value in machine.server_settings.items())
    data = f"{results.data.origin} ({results.data.rows:,} rows)"
    lines = [
        f"- {machine.processor}, {machine.cores} cores, {bytes_of(machine.memory_bytes)}",
        f"- {machine.system}; load average before the start {machine.load_before:g}",
        f"- {results.measured_at}, commit {machine.commit or 'unknown'}; data: {data}",
        f"- {versions}",
        f"- PostgreSQL: {settings}",
    ]
    if results.scaled is not None:
        lines.append(
            f"- scaling run: {results.scaled.data.rows:,} rows, "
            f"{bytes_of(results.scaled.data.size_bytes)}"
        )
    if results.month_rows is not None:
        lines.append(f"- one more month: {results.month_rows:,} rows")
    return "\n".join(lines)


def _table(rows: Iterable[tuple[str, ...]]) -> str:
    head, *body = rows
    rule = tuple("---" for _ in head)
    return "\n".join(f"| {' | '.join(row)} |" for row in (head, rule, *body))
