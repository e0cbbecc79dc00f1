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
        -- polygons of the last and the first spell: their numbers ride on the ordinals
        (max(last_ordinal * 32768 + footprint_no) % 32768)::smallint as footprint_no,
        (min(first_ordinal * 32768 + footprint_no) % 32768)::smallint
            as first_footprint_no
    from spells
    group by chip_key, building_id

)

select * from final
