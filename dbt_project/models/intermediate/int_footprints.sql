{{
    config(
        incremental_strategy="append",
        post_hook="{{ forget_gone_footprints() }}",
    )
}}

with

footprints as (

    select
        footprints.chip_key,
        footprints.building_id,
        footprints.footprint_no,
        footprints.load_id,
        parsed.pixel_geom,
        centred.pixel_centroid
    from {{ ref("stg_footprints") }} as footprints
    cross join {{ once("footprints.pixel_geom", "pixel_geom") }} as parsed
    cross join {{ once("st_centroid(parsed.pixel_geom)", "pixel_centroid") }} as centred
    {% if is_incremental() %}
        -- loads come one after the other, so those of later loads are the new ones
        where footprints.load_id > (select coalesce(max(load_id), 0) from {{ this }})
    {% endif %}

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
    from footprints

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
