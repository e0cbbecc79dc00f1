{{ config(materialized="incremental", incremental_strategy="sync", keep_gone=true) }}

with

chips as (

    select
        chip_key,
        chip_id,
        quad_e,
        quad_n,
        tile_x,
        tile_y,
        zoom,
        geom,
        centroid,
        label_extent,
        lon,
        lat
    from {{ ref("int_chips") }}

),

chip_aois as (

    select
        chip_key,
        aoi_key
    from {{ ref("int_chip_aois") }}

),

final as (

    select
        chips.chip_key,
        chips.chip_id,
        chips.quad_e,
        chips.quad_n,
        chips.tile_x,
        chips.tile_y,
        chips.zoom,
        chip_aois.aoi_key,
        chips.geom,
        chips.centroid,
        chips.label_extent,
        chips.lon,
        chips.lat,
        {{ pixel_size_m() }} * cos(radians(chips.lat)) as metres_per_pixel
    from chips
    inner join chip_aois using (chip_key)

)

select * from final
