{{
    config(
        incremental_strategy="append",
        post_hook="{{ forget_gone_footprints() }}",
    )
}}

with

-- Materialized steps, as the planner would work out a geometry once per use of it.
footprints as materialized (

    select
        chip_key,
        building_id,
        footprint_no,
        load_id,
        pixel_geom
    from {{ ref("stg_footprints") }}
    {% if is_incremental() %}
        -- loads come one after the other, so those of later loads are the new ones
        where load_id > (select coalesce(max(load_id), 0) from {{ this }})
    {% endif %}

),

centred as materialized (

    select
        chip_key,
        building_id,
        footprint_no,
        load_id,
        pixel_geom,
        st_centroid(pixel_geom) as pixel_centroid
    from footprints

),

placed as (

    select
        chip_key,
        building_id,
        footprint_no,
        load_id,
        st_x(pixel_centroid) as pixel_x,
        st_y(pixel_centroid) as pixel_y,
        {{ northing_of("chip_key % 8192", "st_y(pixel_centroid)") }} as northing,
        st_area(pixel_geom) * {{ pixel_size_m() }} ^ 2 as mercator_m2,
        {{ pixels_to_mercator("pixel_geom", "chip_key / 8192", "chip_key % 8192") }}
            as geom
    from centred

),

final as (

    select
        chip_key,
        building_id,
        footprint_no,
        load_id,
        (
            least(greatest(floor(pixel_y / 32), 0), 31) * 32
            + least(greatest(floor(pixel_x / 32), 0), 31)
        )::smallint as cell_no,
        geom,
        mercator_m2 * {{ ground_area_factor("northing") }} as area_m2
    from placed

)

select * from final
