{{
    config(
        materialized="incremental",
        incremental_strategy="replace_tail",
        upstream="int_footprint_spells",
        stale_rows="held.time_key >= changed.first_time_key",
        pre_hook="{{ forget_built_images() }}",
        post_hook="{{ record_built_images('int_footprint_spells') }}",
    )
}}

with

changed_chips as (

    select
        chip_key,
        first_ordinal
    from {{ changed_chips("int_footprint_spells") }} as changed

),

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
        footprints.cell_no,
        footprints.area_m2,
        greatest(spells.first_ordinal, changed_chips.first_ordinal) as first_ordinal,
        spells.last_ordinal,
        spells.first_ordinal > 1
        and spells.first_ordinal >= changed_chips.first_ordinal
        and spells.first_ordinal = lives.first_ordinal as has_appeared
    from {{ ref("int_footprint_spells") }} as spells
    inner join changed_chips
        on
            spells.chip_key = changed_chips.chip_key
            and spells.last_ordinal >= changed_chips.first_ordinal
    inner join {{ ref("int_footprints") }} as footprints
        on
            spells.chip_key = footprints.chip_key
            and spells.building_id = footprints.building_id
            and spells.footprint_no = footprints.footprint_no
    inner join {{ ref("int_building_lives") }} as lives
        on
            spells.chip_key = lives.chip_key
            and spells.building_id = lives.building_id

),

changes as (

    select
        chip_key,
        cell_no,
        first_ordinal as ordinal,
        1 as buildings,
        area_m2,
        has_appeared::integer as appeared
    from spells
    union all
    select
        chip_key,
        cell_no,
        last_ordinal + 1 as ordinal,
        -1 as buildings,
        -area_m2 as area_m2,
        0 as appeared
    from spells

),

net_changes as (

    select
        chip_key,
        cell_no,
        ordinal,
        sum(buildings) as buildings,
        sum(area_m2) as area_m2,
        sum(appeared) as appeared
    from changes
    group by chip_key, cell_no, ordinal

),

-- What the cell holds until it changes again.
states as (

    select
        chip_key,
        cell_no,
        ordinal as first_ordinal,
        lead(ordinal) over so_far as next_ordinal,
        sum(buildings) over so_far as building_count,
        sum(area_m2) over so_far as built_area_m2,
        appeared
    from net_changes
    window so_far as (partition by chip_key, cell_no order by ordinal)

),

final as (

    select
        states.chip_key,
        chip_months.time_key,
        states.cell_no,
        states.building_count::smallint as building_count,
        case
            when chip_months.ordinal = states.first_ordinal then states.appeared
            else 0
        end::smallint as appeared,
        states.built_area_m2::real as built_area_m2
    from states
    inner join chip_months
        on
            states.chip_key = chip_months.chip_key
            and states.first_ordinal <= chip_months.ordinal
            and coalesce(states.next_ordinal > chip_months.ordinal, true)
    where states.building_count > 0

)

select * from final
