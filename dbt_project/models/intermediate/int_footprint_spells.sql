{{
    config(
        incremental_strategy="replace_groups",
        unique_key=["chip_key", "building_id", "footprint_no"],
        presence="first_ordinal",
        pre_hook="{{ forget_built_images() }}",
        post_hook="{{ record_built_images() }}",
    )
}}

with

chip_months as not materialized (

    select
        chip_key,
        time_key,
        ordinal
    from {{ ref("int_chip_months") }}

),

latest_months as (

    select
        chip_key,
        max(ordinal) as latest_ordinal
    from chip_months
    group by chip_key

),

{% if is_incremental() -%}
    changed_chips as materialized (

        select
            chip_key,
            changed.first_time_key,
            changed.first_ordinal,
            latest_months.latest_ordinal
        from {{ changed_chips("int_footprint_spells") }} as changed
        left join latest_months using (chip_key)

    ),
{%- endif %}

-- Read twice: all are too many to keep, those of a new month are not.
sightings as {{ "materialized" if is_incremental() else "not materialized" }} (

    select
        observations.chip_key,
        observations.building_id,
        observations.footprint_no,
        observations.time_key
    from {{ ref("stg_observations") }} as observations
    {% if is_incremental() -%}
        inner join changed_chips
            on
                observations.chip_key = changed_chips.chip_key
                and observations.time_key >= changed_chips.first_time_key
        where
            observations.time_key >= {{ first_changed_month("int_footprint_spells") }}
    {%- endif %}

),

bounds as (

    select
        chip_key,
        building_id,
        footprint_no,
        min(time_key) as first_time_key,
        max(time_key) as last_time_key,
        count(*) as month_count
    from sightings
    group by chip_key, building_id, footprint_no

),

{% if is_incremental() -%}
    -- What stood before the first changed month and in all months since stays as it is.
    broken as materialized (

        select distinct
            chip_key,
            building_id,
            footprint_no
        from bounds
        full outer join (
            select held.*
            from {{ this }} as held
            inner join changed_chips as chips
                on
                    held.chip_key = chips.chip_key
                    and chips.first_ordinal <= coalesce(held.last_ordinal + 1, 32767)
        ) as held using (chip_key, building_id, footprint_no)
        inner join changed_chips using (chip_key)
        where
            {{ rarely("""(
                held.first_ordinal < changed_chips.first_ordinal
                and held.last_ordinal is null
                and coalesce(bounds.month_count, 0)
                = changed_chips.latest_ordinal - changed_chips.first_ordinal + 1
            ) is not true""") }}

    ),
{%- else -%}
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
        inner join chip_months as first_months
            on
                bounds.chip_key = first_months.chip_key
                and bounds.first_time_key = first_months.time_key
        inner join chip_months as last_months
            on
                bounds.chip_key = last_months.chip_key
                and bounds.last_time_key = last_months.time_key

    ),

    broken as (

        select
            chip_key,
            building_id,
            footprint_no
        from spans
        where not is_unbroken

    ),
{%- endif %}

pieces as (

    select
        chip_key,
        building_id,
        footprint_no,
        int4range(ordinal, ordinal, '[]') as piece
    from sightings
    inner join broken using (chip_key, building_id, footprint_no)
    inner join chip_months using (chip_key, time_key)
    {% if is_incremental() -%}
        union all
        select
            held.chip_key,
            held.building_id,
            held.footprint_no,
            int4range(
                held.first_ordinal,
                least(held.last_ordinal, changed_chips.first_ordinal - 1),
                '[]'
            ) as piece
        from {{ this }} as held
        inner join broken using (chip_key, building_id, footprint_no)
        inner join changed_chips
            on
                held.chip_key = changed_chips.chip_key
                and held.first_ordinal < changed_chips.first_ordinal
    {%- endif %}

),

-- What touches makes one spell.
spells as (

    select
        chip_key,
        building_id,
        footprint_no,
        unnest(range_agg(piece)) as spell
    from pieces
    group by chip_key, building_id, footprint_no

),

all_spells as (

    {% if is_incremental() -%}
        select
            broken.chip_key,
            broken.building_id,
            broken.footprint_no,
            lower(spells.spell) as first_ordinal,
            upper(spells.spell) - 1 as last_ordinal
        from broken
        left join spells using (chip_key, building_id, footprint_no)
    {%- else -%}
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
        from spells
    {%- endif %}

),

final as (

    select
        chip_key,
        all_spells.building_id,
        all_spells.footprint_no,
        all_spells.first_ordinal::smallint as first_ordinal,
        nullif(all_spells.last_ordinal, latest_months.latest_ordinal)::smallint
            as last_ordinal
    from all_spells
    left join latest_months using (chip_key)

)

select * from final
