{{
    config(
        materialized="incremental",
        incremental_strategy="replace_changed",
        post_hook="{{ record_built_images() }}",
    )
}}

with

changed_chips as materialized (

    select
        chip_key,
        first_ordinal,
        first_time_key
    from {{ changed_chips("int_footprint_histories") }} as chips

),

-- Joined to the table of months, whose statistics have the planner hash it.
sightings as (

    select
        chip_key,
        building_id,
        footprint_no,
        min(months.ordinal)::integer as first_ordinal,
        max(months.ordinal)::integer as last_ordinal,
        array_agg(months.ordinal) as ordinals
    from {{ ref("stg_observations") }}
    inner join {{ ref("int_chip_months") }} as months using (chip_key, time_key)
    inner join changed_chips using (chip_key)
    where
        months.ordinal >= changed_chips.first_ordinal
        and {{ since_first_of("changed_chips", "first_time_key") }}
    group by chip_key, building_id, footprint_no

),

-- Most are seen without a gap, so that two months tell all.
since as (

    select
        chip_key,
        building_id,
        footprint_no,
        case
            when last_ordinal - first_ordinal + 1 = cardinality(ordinals)
                then int4multirange(int4range(first_ordinal, last_ordinal, '[]'))
            else (
                select range_agg(int4range(ordinal, ordinal, '[]'))
                from unnest(ordinals) as ordinal
            )
        end as seen
    from sightings

),

{% if starts_anew() -%}
    final as (

        select * from since

    )
{%- else -%}
    before as (

        select
            chip_key,
            held.building_id,
            held.footprint_no,
            held.seen * int4multirange(int4range(null, changed_chips.first_ordinal))
                as seen
        from {{ this }} as held
        inner join changed_chips using (chip_key)

    ),

    joined as (

        select
            chip_key,
            building_id,
            footprint_no,
            coalesce(before.seen, '{}') + coalesce(since.seen, '{}') as seen
        from before
        full outer join since using (chip_key, building_id, footprint_no)

    ),

    final as (

        select * from joined
        where not isempty(seen)

    )
{%- endif %}

select * from final
