with

chip_months as (

    select
        chip_key,
        time_key,
        ordinal
    from {{ ref("int_chip_months") }}

),

footprint_spells as (

    select
        spells.chip_key,
        spells.first_ordinal,
        spells.last_ordinal,
        footprints.area_m2
    from {{ ref("int_footprint_spells") }} as spells
    inner join {{ ref("int_footprints") }} as footprints
        using (chip_key, building_id, footprint_no)

),

steps as (

    select
        chip_key,
        first_ordinal as ordinal,
        area_m2
    from footprint_spells
    union all
    select
        chip_key,
        last_ordinal + 1 as ordinal,
        -area_m2 as area_m2
    from footprint_spells

),

net_steps as (

    select
        chip_key,
        ordinal,
        sum(area_m2) as area_m2
    from steps
    group by chip_key, ordinal

),

final as (

    select
        chip_months.chip_key,
        chip_months.time_key,
        sum(net_steps.area_m2) over (
            partition by chip_months.chip_key order by chip_months.ordinal
        ) as built_area_m2
    from chip_months
    left join net_steps using (chip_key, ordinal)

)

select * from final
