{{ config(keep_gone=true) }}

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
        lon,
        lat
    from {{ ref("int_chips") }}

),

label_extents as (

    select
        chip_key,
        st_setsrid(st_envelope(st_extent(geom)::geometry), 3857) as label_extent
    from {{ ref("int_footprints") }}
    group by chip_key

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
        label_extents.label_extent,
        chips.lon,
        chips.lat,
        {{ pixel_size_m() }} * cos(radians(chips.lat)) as metres_per_pixel
    from chips
    inner join chip_aois using (chip_key)
    left join label_extents using (chip_key)

)

select * from final
