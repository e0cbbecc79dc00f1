-- Which buildings are new since January 2019 within a polygon, and how large are they?
-- Asked by: a planner.
-- Put a polygon of your own in place of the first CTE, such as
-- st_transform(st_geomfromtext('POLYGON((...))', 4326), 3857) of longitudes and
-- latitudes. Here it is a circle of 2 km (on the map) around the centre of the chip
-- that grew most since then.
with

polygon as (

    select st_buffer(dim_chip.centroid, 2000) as geom
    from marts.fact_chip_month
    inner join marts.dim_chip using (chip_key)
    where fact_chip_month.time_key >= 201901
    group by dim_chip.chip_key, dim_chip.centroid
    order by sum(fact_chip_month.appeared) desc, dim_chip.chip_key
    limit 1

)

select
    dim_footprint.chip_key,
    dim_footprint.building_id,
    dim_building.first_seen,
    dim_building.state,
    round(dim_footprint.area_m2::numeric, 1) as area_m2,
    st_astext(
        st_transform(st_centroid(dim_footprint.geom), 4326), 5
    ) as place
from polygon
inner join marts.dim_footprint on st_intersects(dim_footprint.geom, polygon.geom)
inner join marts.dim_building using (chip_key, building_id)
where dim_building.first_seen >= 201901 and dim_footprint.footprint_no = 1
order by dim_building.first_seen asc, dim_footprint.area_m2 desc
