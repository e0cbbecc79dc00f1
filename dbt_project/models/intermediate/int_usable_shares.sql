with

unusable_areas as (

    select
        chip_key,
        time_key,
        st_union(geom) as geom
    from {{ ref("stg_unusable_areas") }}
    group by chip_key, time_key

),

tiles as (

    select
        chip_key,
        time_key,
        geom,
        st_tileenvelope(13, chip_key / 8192, chip_key % 8192) as tile
    from unusable_areas

),

final as (

    select
        chip_key,
        time_key,
        1 - st_area(st_intersection(geom, tile)) / st_area(tile) as usable_share
    from tiles

)

select * from final
