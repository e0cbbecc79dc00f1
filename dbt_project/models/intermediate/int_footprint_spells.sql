{{
    config(
        materialized="incremental",
        incremental_strategy="replace_tail",
        stale_rows="held.last_ordinal >= changed.first_ordinal - 1",
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

{% if is_incremental() -%}
    changed_chips as materialized (

        select
            chip_key,
            first_time_key,
            first_ordinal
        from {{ changed_chips("int_footprint_spells") }} as changed

    ),
{%- endif %}

-- Read twice: all are too many to keep, those of a new month are not.
observations as {{ "materialized" if is_incremental() else "not materialized" }} (

    select
        observations.chip_key,
        observations.time_key,
        observations.building_id,
        observations.footprint_no
    from {{ ref("stg_observations") }} as observations
    {% if is_incremental() -%}
        inner join changed_chips
            on
                observations.chip_key = changed_chips.chip_key
                and observations.time_key >= changed_chips.first_time_key
        where
            observations.time_key >= (select min(first_time_key) from changed_chips)
    {%- endif %}

),

spans as (

    select
        chip_key,
        building_id,
        footprint_no,
        min(time_key) as first_time_key,
        max(time_key) as last_time_key,
        count(*) as month_count
    from observations
    group by chip_key, building_id, footprint_no

),

numbered_spans as (

    select
        spans.chip_key,
        spans.building_id,
        spans.footprint_no,
        first_months.ordinal as first_ordinal,
        last_months.ordinal as last_ordinal,
        last_months.ordinal - first_months.ordinal + 1 = spans.month_count
            as is_unbroken
    from spans
    left join chip_months as first_months
        on
            spans.chip_key = first_months.chip_key
            and spans.first_time_key = first_months.time_key
    left join chip_months as last_months
        on
            spans.chip_key = last_months.chip_key
            and spans.last_time_key = last_months.time_key

),

-- Few lives have gaps: number the months of those alone.
numbered as (

    select
        observations.chip_key,
        observations.building_id,
        observations.footprint_no,
        chip_months.ordinal,
        chip_months.ordinal - row_number() over (
            partition by
                observations.chip_key,
                observations.building_id,
                observations.footprint_no
            order by chip_months.ordinal
        ) as spell
    from observations
    inner join chip_months
        on
            observations.chip_key = chip_months.chip_key
            and observations.time_key = chip_months.time_key
    where
        (observations.chip_key, observations.building_id, observations.footprint_no)
        in (
            select
                chip_key,
                building_id,
                footprint_no
            from numbered_spans
            where not is_unbroken
        )

),

spells as (

    select
        chip_key,
        building_id,
        footprint_no,
        first_ordinal,
        last_ordinal
    from numbered_spans
    where is_unbroken
    union all
    select
        chip_key,
        building_id,
        footprint_no,
        min(ordinal) as first_ordinal,
        max(ordinal) as last_ordinal
    from numbered
    group by chip_key, building_id, footprint_no, spell

),

{% if is_incremental() -%}
    -- What stood up to the month before the first changed one, and may go on.
    heads as (

        select
            held.chip_key,
            held.building_id,
            held.footprint_no,
            held.first_ordinal,
            (changed_chips.first_ordinal - 1)::smallint as last_ordinal
        from {{ this }} as held
        inner join changed_chips
            on
                held.chip_key = changed_chips.chip_key
                and held.first_ordinal < changed_chips.first_ordinal
                and held.last_ordinal >= changed_chips.first_ordinal - 1

    ),

    final as (

        select
            coalesce(heads.chip_key, spells.chip_key) as chip_key,
            coalesce(heads.building_id, spells.building_id) as building_id,
            coalesce(heads.footprint_no, spells.footprint_no) as footprint_no,
            coalesce(heads.first_ordinal, spells.first_ordinal) as first_ordinal,
            coalesce(spells.last_ordinal, heads.last_ordinal) as last_ordinal
        from heads
        full outer join spells
            on
                heads.chip_key = spells.chip_key
                and heads.building_id = spells.building_id
                and heads.footprint_no = spells.footprint_no
                and heads.last_ordinal = spells.first_ordinal - 1

    )
{%- else -%}
    final as (

        select
            chip_key,
            building_id,
            footprint_no,
            first_ordinal,
            last_ordinal
        from spells

    )
{%- endif %}

select * from final
