{{
    config(
        materialized="incremental",
        incremental_strategy="append",
        post_hook="{{ forget_gone_footprints() }}",
    )
}}

with

footprints as (

    select
        chip_key,
        building_id,
        footprint_no,
        load_id,
        pixel_geom
    from {{ ref("stg_footprints") }} as footprints
    {% if is_incremental() %}
        where not exists (
            select from {{ this }} as held
            where
                held.chip_key = footprints.chip_key
                and held.building_id = footprints.building_id
                and held.footprint_no = footprints.footprint_no
                and held.load_id = footprints.load_id
        )
    {% endif %}

),

placed as (

    select
        chip_key,
        building_id,
        footprint_no,
        load_id,
        st_centroid(pixel_geom) as pixel_centroid,
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
            least(greatest(floor(st_y(pixel_centroid) / 32), 0), 31) * 32
            + least(greatest(floor(st_x(pixel_centroid) / 32), 0), 31)
        )::smallint as cell_no,
        geom,
        st_area(geom) * {{ ground_area_factor("st_y(st_centroid(geom))") }} as area_m2
    from placed

)

select * from final
