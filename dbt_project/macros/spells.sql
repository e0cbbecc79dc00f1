{#-
    Spells of polygons, for int_footprint_spells: `chip_key`, `building_id`,
    `footprint_no`, and the first and last ordinal of each spell.
-#}

{#- All, from nothing. Most polygons are seen without a gap, so that first month, last
    month and number of months tell their spell. -#}
{% macro spells_of_all_polygons() %}
    with bounds as (
        select
            chip_key,
            building_id,
            footprint_no,
            min(time_key) as first_time_key,
            max(time_key) as last_time_key,
            count(*) as month_count
        from {{ ref("stg_observations") }}
        group by chip_key, building_id, footprint_no
    ),

    spans as (
        select
            bounds.chip_key,
            bounds.building_id,
            bounds.footprint_no,
            first_months.ordinal as first_ordinal,
            last_months.ordinal as last_ordinal,
            last_months.ordinal - first_months.ordinal + 1 = bounds.month_count
                as is_unbroken
        from bounds
        inner join {{ ref("int_chip_months") }} as first_months
            on
                bounds.chip_key = first_months.chip_key
                and bounds.first_time_key = first_months.time_key
        inner join {{ ref("int_chip_months") }} as last_months
            on
                bounds.chip_key = last_months.chip_key
                and bounds.last_time_key = last_months.time_key
    ),

    broken as (
        select
            chip_key,
            building_id,
            footprint_no,
            unnest(range_agg(int4range(months.ordinal, months.ordinal, '[]'))) as spell
        from {{ ref("stg_observations") }} as observations
        inner join spans using (chip_key, building_id, footprint_no)
        inner join {{ ref("int_chip_months") }} as months using (chip_key, time_key)
        where not spans.is_unbroken
        group by chip_key, building_id, footprint_no
    )

    select
        chip_key,
        building_id,
        footprint_no,
        first_ordinal,
        last_ordinal
    from spans
    where is_unbroken
    union all
    select
        chip_key,
        building_id,
        footprint_no,
        lower(spell) as first_ordinal,
        upper(spell) - 1 as last_ordinal
    from broken
{% endmacro %}

{#- All spells of the polygons that a change reaches; one row without ordinals of a polygon
    that has none any more. What stood before a chip's first changed month and in all
    months since is not reached: it goes on. -#}
{% macro spells_of_changed_polygons() %}
    with changed_chips as materialized (
        select
            chip_key,
            changed.first_time_key,
            changed.first_ordinal,
            latest_months.ordinal - changed.first_ordinal + 1 as month_count
        from {{ changed_chips("int_footprint_spells") }} as changed
        left join (
            select
                chip_key,
                max(ordinal) as ordinal
            from {{ ref("int_chip_months") }}
            group by chip_key
        ) as latest_months using (chip_key)
    ),

    sightings as materialized (
        select
            chip_key,
            observations.building_id,
            observations.footprint_no,
            observations.time_key
        from {{ ref("stg_observations") }} as observations
        inner join changed_chips using (chip_key)
        where
            observations.time_key >= changed_chips.first_time_key
            and observations.time_key
            >= {{ first_changed_month("int_footprint_spells") }}
    ),

    counts as (
        select
            chip_key,
            building_id,
            footprint_no,
            count(*) as month_count
        from sightings
        group by chip_key, building_id, footprint_no
    ),

    held as (
        select held.*
        from {{ this }} as held
        inner join changed_chips using (chip_key)
        where changed_chips.first_ordinal <= coalesce(held.last_ordinal + 1, 32767)
    ),

    reached as materialized (
        select distinct
            chip_key,
            building_id,
            footprint_no
        from counts
        full outer join held using (chip_key, building_id, footprint_no)
        inner join changed_chips using (chip_key)
        where
            -- a number, as the planner takes an equality for rare, which it is
            case
                when
                    held.first_ordinal < changed_chips.first_ordinal
                    and held.last_ordinal is null
                    and coalesce(counts.month_count, 0) = changed_chips.month_count
                    then 1
                else 0
            end = 0
    ),

    -- Months since the change, and the spells before it.
    pieces as (
        select
            chip_key,
            building_id,
            footprint_no,
            int4range(months.ordinal, months.ordinal, '[]') as piece
        from sightings
        inner join reached using (chip_key, building_id, footprint_no)
        inner join {{ ref("int_chip_months") }} as months using (chip_key, time_key)
        union all
        select
            chip_key,
            building_id,
            footprint_no,
            int4range(
                held.first_ordinal,
                least(held.last_ordinal, changed_chips.first_ordinal - 1),
                '[]'
            ) as piece
        from {{ this }} as held
        inner join reached using (chip_key, building_id, footprint_no)
        inner join changed_chips using (chip_key)
        where held.first_ordinal < changed_chips.first_ordinal
    ),

    spells as (
        select
            chip_key,
            building_id,
            footprint_no,
            unnest(range_agg(piece)) as spell
        from pieces
        group by chip_key, building_id, footprint_no
    )

    select
        chip_key,
        building_id,
        footprint_no,
        lower(spells.spell) as first_ordinal,
        upper(spells.spell) - 1 as last_ordinal
    from reached
    left join spells using (chip_key, building_id, footprint_no)
{% endmacro %}
