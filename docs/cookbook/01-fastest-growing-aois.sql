-- Which AOIs grew fastest over their last twelve months?
-- Asked by: a planner.
-- The corrected count leaves cloud out of it; only chips that were observed in both
-- months are compared.
with

latest_months as (

    select distinct on (chip_key)
        chip_key,
        aoi_key,
        time_key,
        corrected_count
    from marts.fact_chip_month
    order by chip_key asc, time_key desc

),

compared as (

    select
        latest_months.aoi_key,
        latest_months.corrected_count as count_now,
        year_before.corrected_count as count_before
    from latest_months
    inner join marts.fact_chip_month as year_before
        on
            latest_months.chip_key = year_before.chip_key
            and latest_months.time_key - 100 = year_before.time_key

)

select
    dim_aoi.name,
    count(*) as chips,
    sum(compared.count_before) as buildings_before,
    sum(compared.count_now) as buildings_now,
    sum(compared.count_now - compared.count_before) as net_change,
    round(
        100.0 * sum(compared.count_now - compared.count_before)
        / nullif(sum(compared.count_before), 0),
        2
    ) as growth_percent
from compared
inner join marts.dim_aoi using (aoi_key)
group by dim_aoi.aoi_key, dim_aoi.name
order by growth_percent desc nulls last, dim_aoi.name asc
