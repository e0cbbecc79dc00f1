-- How did the built area of all chips together develop?
-- Asked by: a planner.
-- Where a chip was not observed in a month, its last observed month stands in; months
-- before every chip has been seen once are left out.
with

chips as (

    select
        chip_key,
        min(time_key) as first_month
    from marts.fact_chip_month
    group by chip_key

),

months as (

    select
        time_key,
        month_start
    from marts.dim_time
    where time_key >= (select max(chips.first_month) from chips)

)

select
    months.month_start,
    count(*) filter (where last_seen.time_key = months.time_key) as chips_observed,
    sum(last_seen.corrected_count) as buildings,
    round((sum(last_seen.built_area_m2) / 1e6)::numeric, 3) as built_km2
from months
cross join chips
cross join
    lateral (
        select
            fact_chip_month.time_key,
            fact_chip_month.corrected_count,
            fact_chip_month.built_area_m2
        from marts.fact_chip_month
        where
            fact_chip_month.chip_key = chips.chip_key
            and fact_chip_month.time_key <= months.time_key
        order by fact_chip_month.time_key desc
        limit 1
    ) as last_seen
group by months.month_start
order by months.month_start
