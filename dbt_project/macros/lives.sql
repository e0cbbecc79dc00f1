{#-
    Buildings whose rows a change reaches. Most just go on standing, and are found to do so
    by one look at the tables; what is left is few, kept in a table with statistics, since
    the planner cannot tell how few, and joined to everything else.
-#}

{#- Pre-hook of a model that is built from buildings: `query` gives what it needs of the
    changed ones, to be kept as `table`. -#}
{% macro keep_changed(table, query) %}
    {% if starts_anew() %}{% do return("") %}{% endif %}
    create temporary table {{ table }} on commit drop as
    {{ query }};
    analyze {{ table }}
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
    where {{ ends_since_change("spells") }}
    union distinct
    select
        chip_key,
        held.building_id
    from {{ this }} as held
    inner join changed_chips using (chip_key)
    where {{ ends_since_change("held", begin="latest_spell_ordinal") }}
{% endmacro %}

{#- Spells of those that are missing, came back since the change, or were missing then. -#}
{% macro spells_of_missing_buildings() %}
    with changed_chips as materialized (
        select * from {{ changed_chips("int_building_absences", "int_building_lives") }} as chips
    ),

    missing as materialized (
        select
            chip_key,
            lives.building_id,
            changed_chips.first_ordinal as changed_ordinal
        from {{ ref("int_building_lives") }} as lives
        inner join changed_chips using (chip_key)
        where
            lives.last_ordinal is not null
            or (
                lives.months_missed > 0
                and lives.latest_spell_ordinal >= changed_chips.first_ordinal
            )
    )

    select
        spells.*,
        missing.changed_ordinal
    from missing
    inner join {{ ref("int_footprint_spells") }} as spells using (chip_key, building_id)
{% endmacro %}

{#-
    Subquery: chips whose buildings dim_building has to follow. `is_extended`: nothing
    changed but that `new_months` came after all that it was built from.
-#}
{% macro chips_to_follow(upstream) %}
    (
        select
            chip_key,
            changed.first_ordinal,
            latest_months.time_key as latest_time_key,
            latest_months.ordinal - changed.first_ordinal + 1 as new_months,
            coalesce(changed.first_time_key > built.time_key, false) as is_extended
        from {{ changed_chips("dim_building", upstream) }} as changed
        left join (
            select
                chip_key,
                max(time_key) as time_key,
                max(ordinal) as ordinal
            from {{ ref("int_chip_months") }}
            group by chip_key
        ) as latest_months using (chip_key)
        left join (
            select
                chip_key,
                max(time_key) as time_key
            from {{ ref("int_built_images") }}
            where model = 'dim_building'
            group by chip_key
        ) as built using (chip_key)
    )
{% endmacro %}

{#- Post-hook of dim_building: what stood and is not of `changed_buildings` stands on. Most of
    all rows, written in place without a look at anything else. -#}
{% macro lengthen_lives(upstream) %}
    {% if starts_anew() %}{% do return("") %}{% endif %}
    update {{ this }} as held
    set
        last_seen = chips.latest_time_key,
        months_observed = held.months_observed + chips.new_months
    from {{ chips_to_follow(upstream) }} as chips
    where
        chips.is_extended
        and held.chip_key = chips.chip_key
        and held.state = 'standing'
        and held.last_seen < chips.latest_time_key
{% endmacro %}

{#- In chips that were but extended those that came, went or changed; else all, and once more
    without a life those that stood, as they may be gone. -#}
{% macro buildings_with_other_ends(upstream) %}
    with chips as materialized (
        select * from {{ chips_to_follow(upstream) }} as chips
    )

    select
        chip_key,
        lives.building_id,
        lives.first_ordinal,
        lives.last_ordinal,
        lives.months_missed,
        lives.footprint_no,
        lives.has_changed
    from {{ ref("int_building_lives") }} as lives
    inner join chips using (chip_key)
    where
        not chips.is_extended
        or lives.last_ordinal is not null
        or lives.latest_spell_ordinal >= chips.first_ordinal
    union all
    select
        chip_key,
        held.building_id,
        null as first_ordinal,
        null as last_ordinal,
        null as months_missed,
        null as footprint_no,
        null as has_changed
    from {{ this }} as held
    inner join chips using (chip_key)
    where not chips.is_extended
{% endmacro %}
