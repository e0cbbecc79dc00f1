with

changes as (

    select
        tracker,
        chip_key,
        building_id,
        time_key,
        told_key,
        months_late
    from {{ ref("fact_change") }}

),

final as (

    select
        changes.tracker || '/' || chip_key || '/' || building_id as row_key,
        changes.tracker,
        chip_key,
        building_id,
        case
            when changes.months_late = 0 then 'in time'
            when changes.months_late > 0 then 'late'
            when changes.months_late < 0 then 'early'
            else 'not told'
        end as told,
        changes.months_late,
        {{ month_start("changes.time_key") }} as appeared_in,
        {{ month_start("changes.told_key") }} as told_in,
        footprints.geom::geometry (polygon, 3857) as geom
    from changes
    inner join {{ ref("dim_building") }} as buildings using (chip_key, building_id)
    inner join {{ ref("dim_footprint") }} as footprints
        using (chip_key, building_id, footprint_no)

)

select * from final
