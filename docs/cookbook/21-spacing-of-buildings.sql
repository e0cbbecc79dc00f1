-- How far is it from a building to its nearest neighbour?
-- Asked by: a researcher.
-- A sample of 20 buildings per chip; ground distance between the centres of
-- footprints.
with

samples as (

    select
        footprints.chip_key,
        footprints.building_id,
        footprints.geom,
        dim_chip.chip_id,
        dim_chip.metres_per_pixel / 4.777314267823516 as ground_scale
    from marts.dim_chip
    cross join lateral (
        select
            dim_footprint.chip_key,
            dim_footprint.building_id,
            dim_footprint.geom
        from marts.dim_footprint
        where
            dim_footprint.chip_key = dim_chip.chip_key
            and dim_footprint.footprint_no = 1
        order by dim_footprint.building_id
        limit 20
    ) as footprints

),

spaced as (

    select
        samples.chip_id,
        neighbours.metres * samples.ground_scale as metres
    from samples
    cross join lateral (
        select
            st_distance(
                st_centroid(dim_footprint.geom), st_centroid(samples.geom)
            ) as metres
        from marts.dim_footprint
        where
            dim_footprint.chip_key = samples.chip_key
            and dim_footprint.building_id <> samples.building_id
        order by dim_footprint.geom <-> samples.geom
        limit 1
    ) as neighbours

)

select
    chip_id,
    count(*) as buildings_sampled,
    round(avg(metres::numeric), 1) as mean_metres,
    round(percentile_disc(0.5) within group (order by metres)::numeric, 1)
        as median_metres
from spaced
group by chip_id
order by median_metres, chip_id
