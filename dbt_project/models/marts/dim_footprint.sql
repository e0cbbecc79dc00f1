{{
    config(
        keep_gone=true,
        indexes=[{"columns": ["geom"], "type": "gist"}],
    )
}}

with

footprints as (

    select
        chip_key,
        building_id,
        footprint_no,
        load_id,
        cell_no,
        area_m2,
        geom
    from {{ ref("int_footprints") }}
    {% if not starts_anew() %}
        where load_id > (select coalesce(max(load_id), 0) from {{ this }})
    {% endif %}

)

select * from footprints
