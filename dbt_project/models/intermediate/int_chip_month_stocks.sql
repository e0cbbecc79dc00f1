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
        spells.chip_key,
        spells.first_ordinal,
        spells.last_ordinal,
        footprints.area_m2
    from {{ ref("int_footprint_spells") }} as spells
    inner join {{ ref("int_footprints") }} as footprints
        using (chip_key, building_id, footprint_no)

),

-- A building counts from the month it comes until the month it goes.
changes as (

    select
        chip_key,
        first_ordinal as ordinal,
        count(*) as buildings,
        sum(area_m2) as area_m2
    from spells
    group by chip_key, first_ordinal
    union all
    select
        chip_key,
        last_ordinal + 1 as ordinal,
        -count(*) as buildings,
        -sum(area_m2) as area_m2
    from spells
    where last_ordinal is not null
    group by chip_key, last_ordinal

),

net_changes as (

    select
        chip_key,
        ordinal,
        sum(buildings) as buildings,
        sum(area_m2) as area_m2
    from changes
    group by chip_key, ordinal

),

final as (

    select
        chip_months.chip_key,
        chip_months.time_key,
        (sum(net_changes.buildings) over so_far)::integer as building_count,
        -- to the mm2: sums in another order must not make another row
        round((sum(net_changes.area_m2) over so_far)::numeric, 6)::double precision
            as built_area_m2
    from chip_months
    left join net_changes using (chip_key, ordinal)
    window so_far as (partition by chip_months.chip_key order by chip_months.ordinal)

)

select * from final
