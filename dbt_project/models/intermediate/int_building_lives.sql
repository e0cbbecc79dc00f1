with

spells as (

    select
        chip_key,
        building_id,
        footprint_no,
        first_ordinal,
        last_ordinal
    from {{ ref("int_footprint_spells") }}

),

final as (

    select
        chip_key,
        building_id,
        min(first_ordinal) as first_ordinal,
        max(last_ordinal) as last_ordinal,
        sum(last_ordinal - first_ordinal + 1)::smallint as months_observed,
        (max(array[last_ordinal, footprint_no]))[2] as footprint_no
    from spells
    group by chip_key, building_id

)

select * from final
