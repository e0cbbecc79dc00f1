{{ config(fillfactor=50) }}
-- the keys of both lock dim_footprint, and the fact's take longer to add
-- depends_on: {{ ref("fact_chip_observation") }}

with

chip_months as {{ where_it_lies() }} (

    select
        chip_key,
        time_key,
        ordinal
    from {{ ref("int_chip_months") }}

),

lives as (

    select
        chip_key,
        building_id,
        first_ordinal,
        last_ordinal,
        footprint_no,
        footprint_count
    from {{ ref("int_building_lives") }}

),

revelations as (

    select
        chip_key,
        building_id,
        first_ordinal
    from {{ ref("int_building_revelations") }}

),

-- All but the last one ended: it came back.
absences as (

    select
        chip_key,
        building_id,
        (sum(upper(months) - lower(months)) filter (where kind = 'occluded'))::smallint
            as months_occluded,
        max(lower(months)) filter (where kind = 'demolished') as demolished_ordinal,
        max(kind) filter (where kind <> 'occluded') as state
    from {{ ref("int_building_absences") }}
    group by chip_key, building_id

),

final as (

    select
        lives.chip_key,
        lives.building_id,
        first_months.time_key as first_seen,
        last_months.time_key as last_seen,
        demolition_months.time_key as demolished_in,
        lives.footprint_no,
        lives.footprint_count,
        (
            lives.last_ordinal - lives.first_ordinal + 1
            - coalesce(absences.months_occluded, 0)
        )::smallint as months_observed,
        coalesce(absences.months_occluded, 0::smallint) as months_occluded,
        coalesce(revelations.first_ordinal - 1, 0)::smallint as months_hidden_before,
        coalesce(absences.state, 'standing') as state
    from lives
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
    left join absences
        on
            lives.chip_key = absences.chip_key
            and lives.building_id = absences.building_id
    left join chip_months as demolition_months
        on
            absences.chip_key = demolition_months.chip_key
            and absences.demolished_ordinal = demolition_months.ordinal

)

select * from final
