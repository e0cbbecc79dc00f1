with

images as (

    select
        chip_key,
        chip_id,
        quad_e,
        quad_n,
        tile_x,
        tile_y,
        zoom
    from {{ ref("stg_images") }}

),

label_extents as (

    select
        chip_key,
        st_setsrid(st_envelope(st_extent(geom)::geometry), 3857) as label_extent
    from {{ ref("int_footprints") }}
    group by chip_key

),

chips as (

    select distinct
        chip_key,
        chip_id,
        quad_e,
        quad_n,
        tile_x,
        tile_y,
        zoom,
        st_tileenvelope(zoom, tile_x, tile_y) as geom
    from images

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
        chips.geom,
        st_centroid(chips.geom) as centroid,
        label_extents.label_extent,
        st_x(st_transform(st_centroid(chips.geom), 4326)) as lon,
        st_y(st_transform(st_centroid(chips.geom), 4326)) as lat
    from chips
    left join label_extents using (chip_key)

)

select * from final
