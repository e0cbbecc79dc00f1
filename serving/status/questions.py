"""What the page of the state asks the warehouse, and the words around each answer."""

from dataclasses import dataclass
from typing import Final

from psycopg import sql


@dataclass(frozen=True, slots=True)
class Question:
    """A table of the page.

    Attributes:
        title: Above it.
        about: What it is good for, in one sentence.
        columns: Names of columns, in the order of the query's; those in ``SHARES`` are shares.
        query: Newest rows first.
        nothing: Said where there are no rows, or no such table yet.
    """

    title: str
    about: str
    columns: tuple[str, ...]
    query: sql.SQL
    nothing: str


SHARES: Final = frozenset({"In sight", "Within the interval", "Better than the best plain one"})
MONTHS: Final = frozenset({"First month", "Last month", "Month", "As of"})

QUESTIONS: Final = (
    Question(
        "What is loaded",
        "All of the warehouse in one row.",
        ("Chips", "AOIs", "Images", "Buildings seen, all images", "First month", "Last month"),
        sql.SQL("""
            select
                (select count(*) from marts.dim_chip),
                (select count(*) from marts.dim_aoi),
                count(*),
                sum(building_count),
                min(time_key),
                max(time_key)
            from marts.fact_chip_month
            having count(*) > 0
        """),
        "Nothing has been loaded yet; `make run` loads and builds.",
    ),
    Question(
        "Last loads",
        "How fresh it is; what was refused stands in the table of rejects with its reason.",
        ("Load", "Source", "State", "Finished", "Rows read", "Rejected", "Images changed",
         "Images removed"),
        sql.SQL("""
            select
                load_id, source_name, state, finished_at, rows_read, rows_rejected,
                images_changed, images_removed
            from layers.load_runs
            order by load_id desc
            limit 10
        """),
        "No load is known yet.",
    ),
    Question(
        "Data quality by month",
        "How much of the chips the images show, and how many buildings they hide.",
        ("Month", "Images", "In sight", "Buildings seen", "Hidden", "Open", "Revealed", "Appeared",
         "Demolished"),
        sql.SQL("""
            select
                time_key, count(*), avg(usable_share), sum(building_count), sum(occluded),
                sum(open), sum(revealed), sum(appeared), sum(demolished)
            from marts.fact_chip_month
            group by time_key
            order by time_key desc
            limit 12
        """),
        "No month has been built yet.",
    ),
    Question(
        "Forecasts in use",
        "The newest forecasts of each kind.",
        ("Of", "As of", "Model version", "Chips", "Written"),
        sql.SQL("""
            select distinct on (target)
                target, as_of, model_version, count(*) over each_run, max(written_at) over each_run
            from ml.chip_forecast
            where horizon = 12
            window each_run as (partition by target, as_of, model_version)
            order by target asc, as_of desc, model_version desc
        """),
        "Nothing has been forecast yet.",
    ),
    Question(
        "Skill of the models when they were trained",
        "Backtests at 12 months: the pinball loss beside the best plain forecast's.",
        ("Trained", "Judged on", "Of", "Pinball loss", "Best plain one's",
         "Better than the best plain one", "Within the interval"),
        sql.SQL("""
            select
                written_at, protocol, target, own, plain, 1 - own / nullif(plain, 0), coverage
            from (
                select
                    max(written_at) as written_at, protocol, target,
                    max(pinball) filter (where forecaster = 'model') as own,
                    min(pinball) filter (where forecaster <> 'model') as plain,
                    max(coverage) filter (where forecaster = 'model') as coverage
                from ml.backtest
                where horizon = 12
                group by run_id, protocol, target
            ) as runs
            order by written_at desc, target asc, protocol asc
            limit 20
        """),
        "No model has been judged yet.",
    ),
    Question(
        "Drift: forecasts beside what came",
        "Mean miss of the count by as-of month; 80 % are meant to lie within the interval.",
        ("As of", "Months ahead", "Forecasts", "Mean miss", "The plain one's",
         "Within the interval"),
        sql.SQL("""
            select
                as_of, horizon, count(*), avg(abs(error)), avg(abs(baseline_error)),
                avg(is_within::integer)
            from ml.forecast_error
            where target = 'building_count'
            group by as_of, horizon
            order by as_of desc, horizon asc
            limit 24
        """),
        "No month that was forecast has come yet.",
    ),
)  # fmt: skip
