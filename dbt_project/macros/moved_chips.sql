{#- Pre-hook of fact_chip_observation: images of a chip that now belongs to another AOI
    are to be built again. All rows of a chip have one AOI, so one row tells. -#}
{% macro mark_moved_chips() %}
    {% if execute and load_cached_relation(this) is not none %}
        update {{ ref("int_built_images") }} as built
        set load_id = null
        from {{ ref("dim_chip") }} as chips
        where
            built.model = '{{ this.identifier }}'
            and built.chip_key = chips.chip_key
            and chips.aoi_key <> (
                select held.aoi_key from {{ this }} as held
                where held.chip_key = chips.chip_key
                limit 1
            )
    {% else %}
        {% do return("") %}
    {% endif %}
{% endmacro %}
