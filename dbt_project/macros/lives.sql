{#-
    Buildings that just go on standing, with one polygon, from before a chip's first
    changed month: most of all, and only their last month moves.
-#}
{% macro goes_on_alike() -%}
    (
        lives.last_ordinal is null
        and not lives.has_changed
        and lives.latest_spell_ordinal < changed_chips.first_ordinal
    )
{%- endmacro %}

{#- Pre-hook of dim_building: write where they stand, in place. -#}
{% macro lengthen_lives(upstream) %}
    {% if starts_anew() %}{% do return("") %}{% endif %}
    update {{ this }} as held
    set
        last_seen = latest_months.time_key,
        demolished_in = null,
        footprint_no = lives.footprint_no,
        footprint_count = 1,
        months_observed
        = latest_months.ordinal - lives.first_ordinal + 1 - lives.months_missed,
        months_occluded = lives.months_missed,
        state = 'standing'
    from {{ ref("int_building_lives") }} as lives
    inner join {{ changed_chips("dim_building", upstream) }} as changed_chips
        on lives.chip_key = changed_chips.chip_key and {{ goes_on_alike() }}
    inner join (
        select
            chip_key,
            max(ordinal) as ordinal,
            max(time_key) as time_key
        from {{ ref("int_chip_months") }}
        group by chip_key
    ) as latest_months
        on lives.chip_key = latest_months.chip_key
    where
        held.chip_key = lives.chip_key
        and held.building_id = lives.building_id
{% endmacro %}
