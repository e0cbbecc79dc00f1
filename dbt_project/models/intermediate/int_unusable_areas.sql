{{ config(unique_key=["chip_key", "time_key"]) }}

with

areas as (

    select
        chip_key,
        time_key,
        geom
    from {{ ref("stg_unusable_areas") }}

),

merged as (

    select
        chip_key,
        time_key,
        st_union(geom) as geom,
        st_tileenvelope(13, chip_key / 8192, chip_key % 8192) as tile
    from areas
    group by chip_key, time_key

),

final as (

    select
        chip_key,
        time_key,
        geom,
        greatest(1 - st_area(st_intersection(geom, tile)) / st_area(tile), 0)
            as usable_share
    from merged

)

select * from final
