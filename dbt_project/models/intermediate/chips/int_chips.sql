with

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
    from {{ ref("stg_images") }}

),

final as (

    select
        chip_key,
        chip_id,
        quad_e,
        quad_n,
        tile_x,
        tile_y,
        zoom,
        geom,
        st_centroid(geom) as centroid,
        st_x(st_transform(st_centroid(geom), 4326)) as lon,
        st_y(st_transform(st_centroid(geom), 4326)) as lat
    from chips

)

select * from final
