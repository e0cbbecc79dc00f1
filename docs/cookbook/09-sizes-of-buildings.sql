-- How large are the buildings of each AOI?
-- Asked by: a researcher.
with

sizes as (

    select
        dim_chip.aoi_key,
        count(*) as footprints,
        percentile_disc(array[0.1, 0.5, 0.9, 1]) within group (
            order by dim_footprint.area_m2
        ) as areas
    from marts.dim_footprint
    inner join marts.dim_chip using (chip_key)
    group by dim_chip.aoi_key

)

select
    dim_aoi.name as aoi,
    sizes.footprints,
    round(sizes.areas[1]::numeric) as tenth_m2,
    round(sizes.areas[2]::numeric) as median_m2,
    round(sizes.areas[3]::numeric) as ninetieth_m2,
    round(sizes.areas[4]::numeric) as largest_m2
from sizes
inner join marts.dim_aoi using (aoi_key)
order by median_m2 desc, aoi asc
