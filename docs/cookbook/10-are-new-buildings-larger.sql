-- Are new buildings larger than those that stood at the start?
-- Asked by: a researcher.
with

first_months as (

    select
        chip_key,
        aoi_key,
        min(time_key) as first_month
    from marts.fact_chip_month
    group by chip_key, aoi_key

),

chips as (

    select
        first_months.aoi_key,
        dim_building.first_seen > first_months.first_month as is_new,
        count(*) as buildings,
        sum(dim_footprint.area_m2::numeric) as area_m2
    from marts.dim_building
    inner join marts.dim_footprint
        on
            dim_building.chip_key = dim_footprint.chip_key
            and dim_building.building_id = dim_footprint.building_id
            and dim_footprint.footprint_no = 1
    inner join first_months on dim_building.chip_key = first_months.chip_key
    group by first_months.aoi_key, is_new

)

select
    dim_aoi.name as aoi,
    at_start.buildings as old_buildings,
    since.buildings as new_buildings,
    round(at_start.area_m2 / at_start.buildings, 1) as old_mean_m2,
    round(since.area_m2 / since.buildings, 1) as new_mean_m2
from chips as at_start
inner join chips as since on at_start.aoi_key = since.aoi_key and since.is_new
inner join marts.dim_aoi on at_start.aoi_key = dim_aoi.aoi_key
where not at_start.is_new
order by new_buildings desc, aoi asc
