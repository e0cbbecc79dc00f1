{{
    config(
        materialized="incremental",
        incremental_strategy="sync",
        fillfactor=50,
    )
}}

with

lives as (

    select
        chip_key,
        building_id,
        first_ordinal,
        last_ordinal,
        months_observed,
        footprint_no
    from {{ ref("int_building_lives") }}

),

revelations as (

    select
        chip_key,
        building_id,
        first_ordinal
    from {{ ref("int_building_revelations") }}

),

last_absences as (

    select
        chip_key,
        building_id,
        first_ordinal,
        kind
    from {{ ref("int_building_absences") }}
    where kind in ('demolished', 'open')

),

-- Few have more than one.
footprints as (

    select
        footprints.chip_key,
        footprints.building_id,
        count(*) as footprint_count
    from {{ ref("dim_footprint") }} as footprints
    inner join {{ ref("int_building_lives") }} as lives
        on
            footprints.chip_key = lives.chip_key
            and footprints.building_id = lives.building_id
            and lives.has_changed
    group by footprints.chip_key, footprints.building_id

),

chip_months as (

    select
        chip_key,
        time_key,
        ordinal
    from {{ ref("int_chip_months") }}

),

final as (

    select
        lives.chip_key,
        lives.building_id,
        first_months.time_key as first_seen,
        last_months.time_key as last_seen,
        case
            when last_absences.kind = 'demolished' then missed_months.time_key
        end as demolished_in,
        lives.footprint_no,
        coalesce(footprints.footprint_count, 1)::smallint as footprint_count,
        lives.months_observed,
        (
            lives.last_ordinal - lives.first_ordinal + 1 - lives.months_observed
        )::smallint as months_occluded,
        coalesce(revelations.first_ordinal - 1, 0)::smallint as months_hidden_before,
        coalesce(last_absences.kind, 'standing') as state
    from lives
    left join footprints
        on
            lives.chip_key = footprints.chip_key
            and lives.building_id = footprints.building_id
    inner join chip_months as first_months
        on
            lives.chip_key = first_months.chip_key
            and lives.first_ordinal = first_months.ordinal
    inner join chip_months as last_months
        on
            lives.chip_key = last_months.chip_key
            and lives.last_ordinal = last_months.ordinal
    left join revelations
        on
            lives.chip_key = revelations.chip_key
            and lives.building_id = revelations.building_id
    left join last_absences
        on
            lives.chip_key = last_absences.chip_key
            and lives.building_id = last_absences.building_id
    left join chip_months as missed_months
        on
            last_absences.chip_key = missed_months.chip_key
            and last_absences.first_ordinal = missed_months.ordinal

)

select * from final
