{#- Pre-hook of int_footprints: polygons that raw no longer has, or has anew. -#}
{% macro forget_gone_footprints() %}
    {% if execute and load_cached_relation(this) is not none %}
        delete from {{ this }} as held
        where not exists (
            select from {{ ref("stg_footprints") }} as footprints
            where
                footprints.chip_key = held.chip_key
                and footprints.building_id = held.building_id
                and footprints.footprint_no = held.footprint_no
                and footprints.load_id = held.load_id
        )
    {% else %}
        {% do return("") %}
    {% endif %}
{% endmacro %}
