with

spells as (

    select
        chip_key,
        building_id,
        first_ordinal,
        last_ordinal
    from {{ ref("int_building_spells") }}

),

final_absences as (

    select
        chip_key,
        building_id,
        first_ordinal,
        proof_ordinal
    from {{ ref("int_building_absences") }}
    where not has_returned

),

footprints as (

    select
        chip_key,
        building_id,
        count(*) as footprint_count
    from {{ ref("int_footprints") }}
    group by chip_key, building_id

),

chip_months as (

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
        min(first_ordinal) as first_ordinal,
        max(last_ordinal) as last_ordinal,
        sum(last_ordinal - first_ordinal + 1) as months_observed
    from spells
    group by chip_key, building_id

),

final as (

    select
        lives.chip_key,
        lives.building_id,
        first_months.time_key as first_seen,
        last_months.time_key as last_seen,
        missed_months.time_key as demolished_in,
        lives.months_observed::smallint as months_observed,
        (
            lives.last_ordinal - lives.first_ordinal + 1 - lives.months_observed
        )::smallint as months_occluded,
        footprints.footprint_count::smallint as footprint_count,
        case
            when final_absences.first_ordinal is null then 'standing'
            when final_absences.proof_ordinal is null then 'open'
            else 'demolished'
        end as state
    from lives
    inner join footprints using (chip_key, building_id)
    left join final_absences using (chip_key, building_id)
    inner join chip_months as first_months
        on
            lives.chip_key = first_months.chip_key
            and lives.first_ordinal = first_months.ordinal
    inner join chip_months as last_months
        on
            lives.chip_key = last_months.chip_key
            and lives.last_ordinal = last_months.ordinal
    left join chip_months as missed_months
        on
            final_absences.chip_key = missed_months.chip_key
            and final_absences.first_ordinal = missed_months.ordinal
            and final_absences.proof_ordinal is not null

)

select * from final
