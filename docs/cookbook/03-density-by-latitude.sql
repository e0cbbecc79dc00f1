-- How dense is building by latitude?
-- Asked by: a researcher.
-- Ground areas: the map's own square metres grow with latitude.
with

latest_months as (

    select distinct on (chip_key)
        chip_key,
        corrected_count,
        built_area_m2
    from marts.fact_chip_month
    order by chip_key asc, time_key desc

),

chips as (

    select
        latest_months.corrected_count,
        latest_months.built_area_m2,
        floor(dim_chip.lat / 10)::integer * 10 as latitude_from,
        (1024 * dim_chip.metres_per_pixel) ^ 2 as chip_area_m2
    from latest_months
    inner join marts.dim_chip using (chip_key)

)

select
    latitude_from,
    latitude_from + 10 as latitude_to,
    count(*) as chips,
    round(1000000 * sum(corrected_count) / sum(chip_area_m2::numeric), 1)
        as buildings_per_km2,
    round(100 * sum(built_area_m2::numeric) / sum(chip_area_m2::numeric), 2)
        as built_percent,
    round(sum(built_area_m2::numeric) / nullif(sum(corrected_count), 0), 1)
        as mean_area_m2
from chips
group by latitude_from
order by latitude_from
