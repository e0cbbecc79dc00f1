{{ config(unique_key=["chip_key", "time_key"]) }}

with

chip_months as (

    select
        chip_key,
        time_key,
        ordinal
    from {{ ref("int_chip_months") }}

),

lives as (

    select
        lives.chip_key,
        lives.first_ordinal,
        revelations.building_id is not null as is_revelation,
        count(*) as buildings
    from {{ ref("int_building_lives") }} as lives
    left join {{ ref("int_building_revelations") }} as revelations
        on
            lives.chip_key = revelations.chip_key
            and lives.building_id = revelations.building_id
    where lives.first_ordinal > 1
    group by lives.chip_key, lives.first_ordinal, is_revelation

),

absences as (

    select
        chip_key,
        first_ordinal,
        last_ordinal,
        proof_ordinal,
        kind,
        count(*) as buildings
    from {{ ref("int_building_absences") }}
    group by chip_key, first_ordinal, last_ordinal, proof_ordinal, kind

),

changes as (

    select
        chip_key,
        first_ordinal as ordinal,
        case when is_revelation then 'revealed' else 'appeared' end as measure,
        buildings as change
    from lives
    union all
    select
        chip_key,
        first_ordinal as ordinal,
        'disappeared' as measure,
        buildings as change
    from absences
    union all
    select
        chip_key,
        last_ordinal + 1 as ordinal,
        'reappeared' as measure,
        buildings as change
    from absences
    where kind = 'occluded'
    union all
    -- from here on stocks: more where an absence begins, less after it
    select
        chip_key,
        1 as ordinal,
        'occluded' as measure,
        buildings as change
    from lives
    where is_revelation
    union all
    select
        chip_key,
        first_ordinal as ordinal,
        'occluded' as measure,
        -buildings as change
    from lives
    where is_revelation
    union all
    select
        chip_key,
        first_ordinal as ordinal,
        kind as measure,
        buildings as change
    from absences
    union all
    select
        chip_key,
        last_ordinal + 1 as ordinal,
        kind as measure,
        -buildings as change
    from absences
    union all
    select
        chip_key,
        first_ordinal as ordinal,
        'presumed' as measure,
        buildings as change
    from absences
    union all
    select
        chip_key,
        coalesce(proof_ordinal, last_ordinal + 1) as ordinal,
        'presumed' as measure,
        -buildings as change
    from absences

),

net_changes as (

    select
        chip_key,
        ordinal,
        sum(change) filter (where measure = 'appeared') as appeared,
        sum(change) filter (where measure = 'revealed') as revealed,
        sum(change) filter (where measure = 'disappeared') as disappeared,
        sum(change) filter (where measure = 'reappeared') as reappeared,
        sum(change) filter (where measure = 'demolished') as demolished,
        sum(change) filter (where measure = 'occluded') as occluded,
        sum(change) filter (where measure = 'open') as open,
        sum(change) filter (where measure = 'presumed') as presumed
    from changes
    group by chip_key, ordinal

),

final as (

    select
        chip_months.chip_key,
        chip_months.time_key,
        coalesce(net_changes.appeared, 0)::integer as appeared,
        coalesce(net_changes.revealed, 0)::integer as revealed,
        coalesce(net_changes.disappeared, 0)::integer as disappeared,
        coalesce(net_changes.reappeared, 0)::integer as reappeared,
        coalesce(net_changes.demolished, 0)::integer as demolished,
        coalesce(sum(net_changes.occluded) over so_far, 0)::integer as occluded,
        coalesce(sum(net_changes.open) over so_far, 0)::integer as open,
        coalesce(sum(net_changes.presumed) over so_far, 0)::integer as presumed
    from chip_months
    left join net_changes using (chip_key, ordinal)
    window so_far as (partition by chip_months.chip_key order by chip_months.ordinal)

)

select * from final
