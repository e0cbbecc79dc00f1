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
        spells.building_id,
        footprints.cell_no,
        footprints.area_m2,
        spells.first_ordinal,
        spells.last_ordinal,
        spells.first_ordinal > 1
        and spells.first_ordinal = min(spells.first_ordinal) over (
            partition by spells.chip_key, spells.building_id
        ) as is_appearance
    from {{ ref("int_footprint_spells") }} as spells
    inner join {{ ref("int_footprints") }} as footprints
        using (chip_key, building_id, footprint_no)

),

steps as (

    select
        chip_key,
        cell_no,
        first_ordinal as ordinal,
        1 as building_count,
        area_m2,
        is_appearance::integer as appeared
    from footprint_spells
    union all
    select
        chip_key,
        cell_no,
        last_ordinal + 1 as ordinal,
        -1 as building_count,
        -area_m2 as area_m2,
        0 as appeared
    from footprint_spells

),

net_steps as (

    select
        chip_key,
        cell_no,
        ordinal,
        sum(building_count) as building_count,
        sum(area_m2) as area_m2,
        sum(appeared) as appeared
    from steps
    group by chip_key, cell_no, ordinal

),

states as (

    select
        chip_key,
        cell_no,
        ordinal,
        lead(ordinal) over cell_history as next_ordinal,
        sum(building_count) over cell_history as building_count,
        sum(area_m2) over cell_history as built_area_m2,
        appeared
    from net_steps
    window cell_history as (partition by chip_key, cell_no order by ordinal)

),

final as (

    select
        states.chip_key,
        chip_months.time_key,
        states.cell_no,
        states.building_count::smallint as building_count,
        case
            when states.ordinal = chip_months.ordinal then states.appeared
            else 0
        end::smallint as appeared,
        states.built_area_m2::real as built_area_m2
    from states
    inner join chip_months
        on
            states.chip_key = chip_months.chip_key
            and chip_months.ordinal >= states.ordinal
            and (
                chip_months.ordinal < states.next_ordinal
                or states.next_ordinal is null
            )
    where states.building_count > 0

)

select * from final
