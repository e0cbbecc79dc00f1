with

footprints as (

    select
        chip_key,
        building_id,
        footprint_no,
        load_id,
        cell_no,
        geom,
        area_m2
    from {{ ref("int_footprints") }}

)

select * from footprints
