with

chip_months as (

    select
        chip_key,
        time_key,
        ordinal
    from {{ ref("int_chip_months") }}

),

spells as (

    select
        chip_key,
        building_id,
        spell_no,
        first_ordinal,
        last_ordinal
    from {{ ref("int_building_spells") }}

),

absences as (

    select
        chip_key,
        building_id,
        first_ordinal,
        last_ordinal,
        proof_ordinal,
        has_returned,
        not has_returned and proof_ordinal is not null as is_demolition,
        not has_returned and proof_ordinal is null as is_open
    from {{ ref("int_building_absences") }}

),

-- Each spell or absence is a +1 where it begins and a -1 after it ends.
steps as (

    select
        chip_key,
        first_ordinal as ordinal,
        1 as seen,
        0 as missing,
        0 as occluded,
        0 as open,
        0 as known_missing,
        (spell_no = 1 and first_ordinal > 1)::integer as appeared,
        (spell_no > 1)::integer as reappeared,
        0 as disappeared,
        0 as demolished
    from spells
    union all
    select
        chip_key,
        last_ordinal + 1 as ordinal,
        -1 as seen,
        0 as missing,
        0 as occluded,
        0 as open,
        0 as known_missing,
        0 as appeared,
        0 as reappeared,
        0 as disappeared,
        0 as demolished
    from spells
    union all
    select
        chip_key,
        first_ordinal as ordinal,
        0 as seen,
        1 as missing,
        has_returned::integer as occluded,
        is_open::integer as open,
        1 as known_missing,
        0 as appeared,
        0 as reappeared,
        1 as disappeared,
        is_demolition::integer as demolished
    from absences
    union all
    select
        chip_key,
        last_ordinal + 1 as ordinal,
        0 as seen,
        -1 as missing,
        -has_returned::integer as occluded,
        -is_open::integer as open,
        0 as known_missing,
        0 as appeared,
        0 as reappeared,
        0 as disappeared,
        0 as demolished
    from absences
    union all
    select
        chip_key,
        coalesce(proof_ordinal, last_ordinal + 1) as ordinal,
        0 as seen,
        0 as missing,
        0 as occluded,
        0 as open,
        -1 as known_missing,
        0 as appeared,
        0 as reappeared,
        0 as disappeared,
        0 as demolished
    from absences

),

net_steps as (

    select
        chip_key,
        ordinal,
        sum(seen) as seen,
        sum(occluded) as occluded,
        sum(open) as open,
        sum(known_missing) as known_missing,
        sum(appeared) as appeared,
        sum(reappeared) as reappeared,
        sum(disappeared) as disappeared,
        sum(demolished) as demolished
    from steps
    group by chip_key, ordinal

),

final as (

    select
        chip_months.chip_key,
        chip_months.time_key,
        (sum(net_steps.seen) over so_far)::integer as building_count,
        coalesce(sum(net_steps.occluded) over so_far, 0)::integer as occluded,
        coalesce(sum(net_steps.open) over so_far, 0)::integer as open,
        coalesce(sum(net_steps.known_missing) over so_far, 0)::integer as known_missing,
        coalesce(net_steps.appeared, 0)::integer as appeared,
        coalesce(net_steps.reappeared, 0)::integer as reappeared,
        coalesce(net_steps.disappeared, 0)::integer as disappeared,
        coalesce(net_steps.demolished, 0)::integer as demolished
    from chip_months
    left join net_steps using (chip_key, ordinal)
    window so_far as (partition by chip_months.chip_key order by chip_months.ordinal)

)

select * from final
