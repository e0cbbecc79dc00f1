{{
    config(
        materialized="incremental",
        incremental_strategy="sync",
        keep_gone=true,
        indexes=[{"columns": ["geom"], "type": "gist"}],
    )
}}

with

footprints as (

    select
        footprints.chip_key,
        footprints.building_id,
        footprints.footprint_no,
        footprints.load_id,
        footprints.cell_no,
        footprints.area_m2,
        footprints.geom
    from {{ ref("int_footprints") }} as footprints
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

)

select * from footprints
