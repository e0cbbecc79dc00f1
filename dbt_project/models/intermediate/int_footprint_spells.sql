{{
    config(
        materialized="incremental",
        incremental_strategy="replace_tail",
        unique_key=["chip_key", "building_id", "footprint_no", "first_ordinal"],
        stale_rows="changed.first_ordinal <= coalesce(held.last_ordinal + 1, 32767)",
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
            changed.chip_key,
            changed.first_time_key,
            changed.first_ordinal,
            months_before.time_key as time_key_before
        from {{ changed_chips("int_footprint_spells") }} as changed
        left join chip_months as months_before
            on
                changed.chip_key = months_before.chip_key
                and changed.first_ordinal - 1 = months_before.ordinal

    ),
{%- endif %}

-- Months that a polygon was seen in, from `first_time_key` on without a gap.
-- Read twice: all are too many to keep, those of a new month are not.
sightings as {{ "materialized" if is_incremental() else "not materialized" }} (

    select
        observations.chip_key,
        observations.building_id,
        observations.footprint_no,
        observations.time_key as first_time_key,
        observations.time_key
    from {{ ref("stg_observations") }} as observations
    {% if is_incremental() -%}
        inner join changed_chips
            on
                observations.chip_key = changed_chips.chip_key
                and observations.time_key >= changed_chips.first_time_key
        where
            observations.time_key >= {{ first_changed_month("int_footprint_spells") }}
        union all
        -- what stood in the month before the first changed one
        select
            held.chip_key,
            held.building_id,
            held.footprint_no,
            first_months.time_key as first_time_key,
            changed_chips.time_key_before as time_key
        from {{ this }} as held
        inner join changed_chips
            on
                held.chip_key = changed_chips.chip_key
                and held.first_ordinal < changed_chips.first_ordinal
                and changed_chips.first_ordinal
                <= coalesce(held.last_ordinal + 1, 32767)
        inner join chip_months as first_months
            on
                held.chip_key = first_months.chip_key
                and held.first_ordinal = first_months.ordinal
    {%- endif %}

),

bounds as (

    select
        chip_key,
        building_id,
        footprint_no,
        min(first_time_key) as first_time_key,
        min(time_key) as counted_from_time_key,
        max(time_key) as last_time_key,
        count(*) as sighting_count
    from sightings
    group by chip_key, building_id, footprint_no

),

spans as (

    select
        bounds.chip_key,
        bounds.building_id,
        bounds.footprint_no,
        int4range(first_months.ordinal, last_months.ordinal, '[]') as span,
        last_months.ordinal - counted_months.ordinal + 1 = bounds.sighting_count
            as is_unbroken
    from bounds
    inner join chip_months as first_months
        on
            bounds.chip_key = first_months.chip_key
            and bounds.first_time_key = first_months.time_key
    inner join chip_months as counted_months
        on
            bounds.chip_key = counted_months.chip_key
            and bounds.counted_from_time_key = counted_months.time_key
    inner join chip_months as last_months
        on
            bounds.chip_key = last_months.chip_key
            and bounds.last_time_key = last_months.time_key

),

-- Where a polygon was missing within its span: what touches makes one spell.
spells as (

    select
        sightings.chip_key,
        sightings.building_id,
        sightings.footprint_no,
        unnest(
            range_agg(int4range(first_months.ordinal, last_months.ordinal, '[]'))
        ) as spell
    from sightings
    inner join chip_months as first_months
        on
            sightings.chip_key = first_months.chip_key
            and sightings.first_time_key = first_months.time_key
    inner join chip_months as last_months
        on
            sightings.chip_key = last_months.chip_key
            and sightings.time_key = last_months.time_key
    where
        (sightings.chip_key, sightings.building_id, sightings.footprint_no)
        in (
            select
                chip_key,
                building_id,
                footprint_no
            from spans
            where not is_unbroken
        )
    group by sightings.chip_key, sightings.building_id, sightings.footprint_no
    union all
    select
        chip_key,
        building_id,
        footprint_no,
        span as spell
    from spans
    where is_unbroken

),

final as (

    select
        spells.chip_key,
        spells.building_id,
        spells.footprint_no,
        lower(spells.spell)::smallint as first_ordinal,
        nullif(upper(spells.spell) - 1, latest_months.latest_ordinal)::smallint
            as last_ordinal
    from spells
    inner join latest_months using (chip_key)

)

select * from final
