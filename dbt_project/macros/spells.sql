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
            spans.chip_key,
            spans.building_id,
            spans.footprint_no,
            unnest(range_agg(int4range(months.ordinal, months.ordinal, '[]'))) as spell
        from spans
        -- no more than the chip again, by a table: its statistics have the planner hash
        -- these few rows and not all observations
        inner join {{ ref("int_chip_months") }} as first_months
            on
                spans.chip_key = first_months.chip_key
                and spans.first_ordinal = first_months.ordinal
        inner join {{ ref("stg_observations") }} as observations
            on
                first_months.chip_key = observations.chip_key
                and spans.building_id = observations.building_id
                and spans.footprint_no = observations.footprint_no
        inner join {{ ref("int_chip_months") }} as months
            on
                observations.chip_key = months.chip_key
                and observations.time_key = months.time_key
        where not spans.is_unbroken
        group by spans.chip_key, spans.building_id, spans.footprint_no
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
            changed.first_ordinal
        from {{ changed_chips("int_footprint_spells") }} as changed
    ),

    changed_months as materialized (
        select
            chip_key,
            months.time_key,
            months.ordinal,
            changed_chips.first_ordinal
        from {{ ref("int_chip_months") }} as months
        inner join changed_chips using (chip_key)
        where months.ordinal >= changed_chips.first_ordinal
    ),

    -- By the table of months, not by the CTE, which has no statistics: see `broken`.
    sightings as not materialized (
        select
            chip_key,
            time_key,
            observations.building_id,
            observations.footprint_no,
            months.ordinal
        from {{ ref("stg_observations") }} as observations
        inner join {{ ref("int_chip_months") }} as months using (chip_key, time_key)
        inner join changed_chips using (chip_key)
        where
            months.ordinal >= changed_chips.first_ordinal
            and {{ since_first_of("changed_months") }}
    ),

    -- What goes on is seen in all of these months.
    expected as (
        select
            chip_key,
            changed_months.time_key,
            held.building_id,
            held.footprint_no
        from {{ this }} as held
        inner join changed_months using (chip_key)
        where
            held.first_ordinal < changed_months.first_ordinal
            and held.last_ordinal is null
    ),

    reached as materialized (
        select
            chip_key,
            building_id,
            footprint_no
        from sightings
        full outer join expected using (chip_key, time_key, building_id, footprint_no)
        where sightings.building_id is null or expected.building_id is null
        union distinct
        select
            chip_key,
            held.building_id,
            held.footprint_no
        from {{ this }} as held
        inner join changed_chips using (chip_key)
        where {{ ends_since_change("held") }}
    ),

    -- Months since the change, and the spells before it.
    pieces as (
        select
            chip_key,
            building_id,
            footprint_no,
            int4range(ordinal, ordinal, '[]') as piece
        from sightings
        where (chip_key, building_id, footprint_no) in (select * from reached)
        union all
        select
            chip_key,
            held.building_id,
            held.footprint_no,
            int4range(
                held.first_ordinal,
                least(held.last_ordinal, changed_chips.first_ordinal - 1),
                '[]'
            ) as piece
        from {{ this }} as held
        inner join changed_chips using (chip_key)
        where
            held.first_ordinal < changed_chips.first_ordinal
            and (held.chip_key, held.building_id, held.footprint_no) in (
                select * from reached
            )
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
