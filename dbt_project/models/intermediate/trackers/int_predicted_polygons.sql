{{
    config(
        materialized="standing_view",
        pre_hook=[],
        post_hook=[],
    )
}}
{%- set pixel_m = pixel_size_m() -%}
{%- set half_world_m = "20037508.342789244::double precision" -%}

with

polygons as (

    select
        tracker,
        chip_key,
        predicted_id,
        footprint_no,
        pixel_geom,
        chip_key / 8192 as tile_x,
        chip_key % 8192 as tile_y
    from {{ ref("stg_prediction_footprints") }}

),

final as (

    select
        tracker,
        chip_key,
        predicted_id,
        footprint_no,
        st_setsrid(
            st_affine(
                pixel_geom,
                {{ pixel_m }}, 0, 0, -{{ pixel_m }},
                tile_x * 1024 * {{ pixel_m }} - {{ half_world_m }},
                {{ half_world_m }} - tile_y * 1024 * {{ pixel_m }}
            ),
            3857
        ) as geom
    from polygons

)

select * from final
