with

footprints as {{ where_it_lies() }} (

    select
        chip_key,
        building_id,
        footprint_no,
        cell_no,
        {{ in_mm2("area_m2") }} as area_mm2
    from {{ ref("int_footprints") }}

),

presences as (

    select
        chip_key,
        footprints.cell_no,
        footprints.area_mm2,
        unnest(histories.seen) as months
    from {{ ref("int_footprint_histories") }} as histories
    inner join footprints using (chip_key, building_id, footprint_no)

),

-- Most of a cell's polygons come and go together.
groups as (

    select
        chip_key,
        cell_no,
        months,
        count(*) as buildings,
        sum(area_mm2) as area_mm2
    from presences
    group by chip_key, cell_no, months

),

-- Where polygons come and go, and where a building is seen for the first time.
changes as (

    select
        groups.chip_key,
        groups.cell_no,
        list.ordinal,
        list.sign * groups.buildings as buildings,
        list.sign * groups.area_mm2 as area_mm2,
        0 as appeared,
        0 as revealed
    from groups
    cross join
        lateral (values (lower(groups.months), 1), (upper(groups.months), -1))
            as list (ordinal, sign)
    union all
    select
        chip_key,
        footprints.cell_no,
        lives.first_ordinal as ordinal,
        0 as buildings,
        0 as area_mm2,
        (revelations.building_id is null)::integer as appeared,
        (revelations.building_id is not null)::integer as revealed
    from {{ ref("int_building_lives") }} as lives
    inner join footprints using (chip_key, building_id)
    left join {{ ref("int_building_revelations") }} as revelations
        using (chip_key, building_id)
    where lives.first_ordinal > 1 and lives.first_footprint_no = footprints.footprint_no

),

-- What the cell holds until it changes again; in the end, nothing.
states as (

    select
        chip_key,
        cell_no,
        int4range(ordinal, lead(ordinal) over so_far) as months,
        sum(sum(buildings)) over so_far as building_count,
        sum(sum(area_mm2)) over so_far as area_mm2,
        sum(appeared) as appeared,
        sum(revealed) as revealed
    from changes
    group by chip_key, cell_no, ordinal
    window so_far as (partition by chip_key, cell_no order by ordinal)

),

final as (

    select
        chip_key,
        cell_no,
        months,
        building_count::smallint as building_count,
        area_mm2,
        appeared::smallint as appeared,
        revealed::smallint as revealed
    from states
    where building_count > 0

)

select * from final
