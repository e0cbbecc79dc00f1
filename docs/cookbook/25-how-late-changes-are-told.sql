-- How late does each tracker tell a new building?
-- Asked by: an ML engineer.
-- In time is in the month in which the building appears in the labels.
select
    fact_change.tracker,
    count(*) as appeared,
    round(avg((fact_change.months_late = 0)::integer) * 100, 1) as in_time_percent,
    round(avg(fact_change.months_late), 2) as mean_months_late,
    percentile_disc(0.9) within group (
        order by fact_change.months_late
    ) as late_90_percent,
    count(*) filter (where fact_change.months_late < 0) as early,
    count(*) filter (where fact_change.months_late is null) as not_told
from marts.fact_change
group by fact_change.tracker
order by fact_change.tracker asc
