-- How did the built area of all chips together develop?
-- Asked by: a planner.
-- Where a chip was not observed in a month, its last observed month stands in; months
-- before every chip has been seen once are left out.
with

last_seen as (

    select
        chip_key,
        time_key,
        corrected_count,
        built_area_m2,
        lead(time_key, 1, 999912) over (
            partition by chip_key order by time_key
        ) as next_time_key
    from marts.fact_chip_month

),

months as (

    select
        time_key,
        month_start
    from marts.dim_time
    where
        time_key >= (
            select max(chips.first_month)
            from (
                select min(time_key) as first_month
                from marts.fact_chip_month
                group by chip_key
            ) as chips
        )

)

select
    months.month_start,
    count(*) filter (where last_seen.time_key = months.time_key) as chips_observed,
    sum(last_seen.corrected_count) as buildings,
    round(sum(last_seen.built_area_m2::numeric) / 1000000, 3) as built_km2
from months
inner join last_seen
    on
        months.time_key >= last_seen.time_key
        and months.time_key < last_seen.next_time_key
group by months.month_start
order by months.month_start
