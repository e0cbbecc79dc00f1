{#-
    Buildings whose rows a change reaches. Most just go on standing, and are found to do so
    by one look at the tables; what is left is few, kept in a table with statistics, since
    the planner cannot tell how few, and joined to everything else.
-#}

{#- Pre-hook of a model that is built from buildings: `query` gives the changed ones. -#}
{% macro keep_changed_buildings(query) %}
    {% if starts_anew() %}{% do return("") %}{% endif %}
    create temporary table changed_buildings on commit drop as
    {{ query }};
    analyze changed_buildings
{% endmacro %}

{#- Where nothing begins or ends from the change on, neither now nor before it, a building
    lives as it did. -#}
{% macro buildings_with_other_spells() %}
    with changed_chips as materialized (
        select * from {{ changed_chips("int_building_lives", "int_footprint_spells") }} as chips
    )

    select
        chip_key,
        spells.building_id
    from {{ ref("int_footprint_spells") }} as spells
    inner join changed_chips using (chip_key)
    where
        spells.first_ordinal >= changed_chips.first_ordinal
        or spells.last_ordinal + 1 >= changed_chips.first_ordinal
    union distinct
    select
        chip_key,
        held.building_id
    from {{ this }} as held
    inner join changed_chips using (chip_key)
    where
        held.latest_spell_ordinal >= changed_chips.first_ordinal
        or held.last_ordinal + 1 >= changed_chips.first_ordinal
{% endmacro %}

{#- Those that are missing, came back since the change, or were missing then. -#}
{% macro buildings_with_other_absences() %}
    with changed_chips as materialized (
        select * from {{ changed_chips("int_building_absences", "int_building_lives") }} as chips
    )

    select
        chip_key,
        lives.building_id
    from {{ ref("int_building_lives") }} as lives
    inner join changed_chips using (chip_key)
    where
        lives.last_ordinal is not null
        or (
            lives.months_missed > 0
            and lives.latest_spell_ordinal >= changed_chips.first_ordinal
        )
    union distinct
    select
        chip_key,
        held.building_id
    from {{ this }} as held
    inner join changed_chips using (chip_key)
    where coalesce(held.last_ordinal + 1, 32767) >= changed_chips.first_ordinal
{% endmacro %}

{#- All whose row of dim_building is not just lengthened, and those that are gone. -#}
{% macro buildings_with_other_ends(upstream) %}
    with changed_chips as materialized (
        select * from {{ changed_chips("dim_building", upstream) }} as chips
    )

    select
        chip_key,
        lives.building_id
    from {{ ref("int_building_lives") }} as lives
    inner join changed_chips using (chip_key)
    where not {{ goes_on_alike() }}
    union distinct
    select
        chip_key,
        held.building_id
    from {{ this }} as held
    inner join changed_chips using (chip_key)
    where held.first_seen >= changed_chips.first_time_key
{% endmacro %}

{#- Standing, with one polygon, from before a chip's first changed month. -#}
{% macro goes_on_alike() -%}
    (
        lives.last_ordinal is null
        and not lives.has_changed
        and lives.latest_spell_ordinal < changed_chips.first_ordinal
    )
{%- endmacro %}

{#- Pre-hook of dim_building: of what goes on alike only the end moves, in place. -#}
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
