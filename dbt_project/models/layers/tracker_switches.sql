with

switches as (

    select
        tracker,
        chip_key,
        time_key,
        building_id,
        predicted_id,
        iou
    from {{ ref("fact_match") }}
    where mismatch

),

final as (

    select
        switches.tracker || '/' || chip_key || '/' || switches.time_key || '/'
        || building_id as row_key,
        switches.tracker,
        chip_key,
        building_id,
        switches.predicted_id,
        {{ month_start("switches.time_key") }} as month_start,
        switches.iou,
        footprints.geom::geometry (polygon, 3857) as geom
    from switches
    inner join {{ ref("dim_building") }} as buildings using (chip_key, building_id)
    inner join {{ ref("dim_footprint") }} as footprints
        using (chip_key, building_id, footprint_no)

)

select * from final
