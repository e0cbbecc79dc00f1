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

changed_chips as (

    select
        chip_key,
        first_time_key,
        first_ordinal
    from {{ changed_chips() }} as changed

),

chip_months as (

    select
        chip_months.chip_key,
        chip_months.time_key,
        chip_months.ordinal
    from {{ ref("int_chip_months") }} as chip_months
    inner join changed_chips
        on
            chip_months.chip_key = changed_chips.chip_key
            and chip_months.time_key >= changed_chips.first_time_key

),

observations as not materialized (

    select
        observations.chip_key,
        observations.building_id,
        observations.footprint_no,
        chip_months.ordinal
    from {{ ref("stg_observations") }} as observations
    inner join chip_months
        on
            observations.chip_key = chip_months.chip_key
            and observations.time_key = chip_months.time_key
    where observations.time_key >= (select min(time_key) from chip_months)

),

spans as (

    select
        chip_key,
        building_id,
        footprint_no,
        min(ordinal) as first_ordinal,
        max(ordinal) as last_ordinal,
        max(ordinal) - min(ordinal) + 1 = count(*) as is_unbroken
    from observations
    group by chip_key, building_id, footprint_no

),

-- Few lives have gaps: number the months of those alone.
numbered as (

    select
        observations.chip_key,
        observations.building_id,
        observations.footprint_no,
        observations.ordinal,
        observations.ordinal - row_number() over (
            partition by
                observations.chip_key,
                observations.building_id,
                observations.footprint_no
            order by observations.ordinal
        ) as spell
    from observations
    inner join spans
        on
            observations.chip_key = spans.chip_key
            and observations.building_id = spans.building_id
            and observations.footprint_no = spans.footprint_no
            and not spans.is_unbroken

),

spells as (

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
