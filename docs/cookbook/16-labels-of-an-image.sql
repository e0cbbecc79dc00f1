-- Which polygons belong to this image, in longitude and latitude?
-- Asked by: an ML engineer.
-- Put a chip and a month of your own in place of the first CTE. Here: the latest month
-- of the first chip.
with

image as (

    select
        chip_key,
        time_key
    from marts.fact_chip_month
    order by chip_key asc, time_key desc
    limit 1

)

select
    fact_chip_observation.building_id,
    st_asgeojson(st_transform(dim_footprint.geom, 4326), 7) as geojson
from image
inner join marts.fact_chip_observation using (chip_key, time_key)
inner join marts.dim_footprint
    on
        fact_chip_observation.chip_key = dim_footprint.chip_key
        and fact_chip_observation.building_id = dim_footprint.building_id
        and fact_chip_observation.footprint_no = dim_footprint.footprint_no
order by fact_chip_observation.building_id
