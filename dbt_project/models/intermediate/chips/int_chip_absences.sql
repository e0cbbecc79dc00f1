with

footprints as (

    select
        chip_key,
        building_id,
        footprint_no,
        {{ in_mm2("area_m2") }} as area_mm2
    from {{ ref("int_footprints") }}

),

-- A missing building has the area that it was last seen with.
final as (

    select
        chip_key,
        absences.months,
        absences.proof_ordinal,
        absences.kind,
        count(*) as buildings,
        sum(footprints.area_mm2) as area_mm2
    from {{ ref("int_building_absences") }} as absences
    inner join {{ ref("int_footprint_histories") }} as histories
        using (chip_key, building_id)
    inner join footprints using (chip_key, building_id, footprint_no)
    where histories.seen @> lower(absences.months) - 1
    group by chip_key, absences.months, absences.proof_ordinal, absences.kind

)

select * from final
