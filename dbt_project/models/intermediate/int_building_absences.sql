with

spells as (

    select
        chip_key,
        building_id,
        last_ordinal,
        next_ordinal
    from {{ ref("int_building_spells") }}

),

footprint_spells as (

    select
        chip_key,
        building_id,
        footprint_no,
        last_ordinal
    from {{ ref("int_footprint_spells") }}

),

footprints as (

    select
        chip_key,
        building_id,
        footprint_no,
        geom
    from {{ ref("int_footprints") }}

),

chip_months as (

    select
        chip_key,
        time_key,
        ordinal,
        max(ordinal) over (partition by chip_key) as final_ordinal
    from {{ ref("int_chip_months") }}

),

unusable_areas as (

    select
        chip_months.chip_key,
        chip_months.ordinal,
        st_union(areas.geom) as geom
    from {{ ref("stg_unusable_areas") }} as areas
    inner join chip_months using (chip_key, time_key)
    group by chip_months.chip_key, chip_months.ordinal

),

absences as (

    select
        spells.chip_key,
        spells.building_id,
        spells.last_ordinal + 1 as first_ordinal,
        coalesce(spells.next_ordinal - 1, chip_months.final_ordinal) as last_ordinal,
        spells.next_ordinal is not null as has_returned,
        st_centroid(footprints.geom) as place
    from spells
    inner join chip_months
        on
            spells.chip_key = chip_months.chip_key
            and spells.last_ordinal = chip_months.ordinal
            and spells.last_ordinal < chip_months.final_ordinal
    inner join footprint_spells
        on
            spells.chip_key = footprint_spells.chip_key
            and spells.building_id = footprint_spells.building_id
            and spells.last_ordinal = footprint_spells.last_ordinal
    inner join footprints
        on
            footprint_spells.chip_key = footprints.chip_key
            and footprint_spells.building_id = footprints.building_id
            and footprint_spells.footprint_no = footprints.footprint_no

),

hidden_months as (

    select
        absences.chip_key,
        absences.building_id,
        absences.first_ordinal,
        -- clear months of the absence before this hidden one
        unusable_areas.ordinal - absences.first_ordinal - (
            row_number() over (
                partition by
                    absences.chip_key, absences.building_id, absences.first_ordinal
                order by unusable_areas.ordinal
            ) - 1
        ) as clear_months_before
    from absences
    inner join unusable_areas
        on
            absences.chip_key = unusable_areas.chip_key
            and unusable_areas.ordinal
            between absences.first_ordinal and absences.last_ordinal
            and st_intersects(unusable_areas.geom, absences.place)

),

hidden as (

    select
        chip_key,
        building_id,
        first_ordinal,
        count(*) as hidden_count,
        count(*) filter (
            where clear_months_before < {{ var("demolition_months") }}
        ) as postponing_count
    from hidden_months
    group by chip_key, building_id, first_ordinal

),

proven as (

    select
        absences.chip_key,
        absences.building_id,
        absences.first_ordinal,
        absences.last_ordinal,
        absences.has_returned,
        coalesce(hidden.hidden_count, 0) as hidden_count,
        absences.first_ordinal
        + {{ var("demolition_months") }} - 1
        + coalesce(hidden.postponing_count, 0) as proof_ordinal
    from absences
    left join hidden using (chip_key, building_id, first_ordinal)

),

final as (

    select
        chip_key,
        building_id,
        first_ordinal::smallint as first_ordinal,
        last_ordinal::smallint as last_ordinal,
        has_returned,
        hidden_count::smallint as hidden_count,
        case
            when proof_ordinal <= last_ordinal then proof_ordinal::smallint
        end as proof_ordinal
    from proven

)

select * from final
