{{ config(materialized="table") }}

with

lives as (

    select
        chip_key,
        building_id,
        first_footprint_no,
        first_ordinal
    from {{ ref("int_building_lives") }}

),

footprints as (

    select
        chip_key,
        building_id,
        footprint_no,
        cell_no,
        {{ in_mm2("area_m2") }} as area_mm2
    from {{ ref("int_footprints") }}

),

spells as (

    select
        chip_key,
        building_id,
        footprint_no,
        unnest(seen) as months
    from {{ ref("int_footprint_histories") }}

),

-- Where a polygon comes and goes, and where its building comes for the first time.
changes as (

    select
        chip_key,
        footprints.cell_no,
        list.ordinal,
        list.buildings,
        list.buildings * footprints.area_mm2 as area_mm2,
        0 as appeared
    from spells
    inner join footprints using (chip_key, building_id, footprint_no)
    cross join
        lateral (values (lower(spells.months), 1), (upper(spells.months), -1))
            as list (ordinal, buildings)
    union all
    select
        lives.chip_key,
        footprints.cell_no,
        lives.first_ordinal as ordinal,
        0 as buildings,
        0 as area_mm2,
        1 as appeared
    from lives
    inner join footprints
        on
            lives.chip_key = footprints.chip_key
            and lives.building_id = footprints.building_id
            and lives.first_footprint_no = footprints.footprint_no
    where lives.first_ordinal > 1

),

net_changes as (

    select
        chip_key,
        cell_no,
        ordinal,
        sum(buildings) as buildings,
        sum(area_mm2) as area_mm2,
        sum(appeared) as appeared
    from changes
    group by chip_key, cell_no, ordinal

),

-- What the cell holds until it changes again; in the end, nothing.
states as (

    select
        chip_key,
        cell_no,
        int4range(ordinal, lead(ordinal) over so_far) as months,
        sum(buildings) over so_far as building_count,
        sum(area_mm2) over so_far as area_mm2,
        appeared
    from net_changes
    window so_far as (partition by chip_key, cell_no order by ordinal)

),

final as (

    select
        chip_key,
        cell_no,
        months,
        building_count::smallint as building_count,
        area_mm2,
        appeared::smallint as appeared
    from states
    where building_count > 0

)

select * from final
