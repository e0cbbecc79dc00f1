{#- Post-hook of int_footprints: forget polygons that raw no longer has, or has anew. -#}
{% macro forget_gone_footprints() %}
    delete from {{ this }} as held
    where
        -- all that raw has is here by now: as many rows means that none is gone
        (select count(*) from {{ this }})
        > (select count(*) from {{ ref("stg_footprints") }})
        and not exists (
            select from {{ ref("stg_footprints") }} as footprints
            where
                footprints.chip_key = held.chip_key
                and footprints.building_id = held.building_id
                and footprints.footprint_no = held.footprint_no
                and footprints.load_id = held.load_id
        )
{% endmacro %}
