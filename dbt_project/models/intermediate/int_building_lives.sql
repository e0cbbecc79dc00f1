with

latest_months as (

    select
        chip_key,
        max(ordinal) as latest_ordinal
    from {{ ref("int_chip_months") }}
    group by chip_key

),

spells as (

    select
        spells.chip_key,
        spells.building_id,
        spells.footprint_no,
        spells.first_ordinal,
        coalesce(spells.last_ordinal, latest_months.latest_ordinal) as last_ordinal
    from {{ ref("int_footprint_spells") }} as spells
    inner join latest_months using (chip_key)

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
            as first_footprint_no,
        min(footprint_no) < max(footprint_no) as has_changed
    from spells
    group by chip_key, building_id

)

select * from final
