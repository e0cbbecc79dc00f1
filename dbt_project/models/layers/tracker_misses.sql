with

misses as (

    select
        tracker,
        chip_key,
        building_id,
        count(*) filter (where iou is null) as months_missed,
        bool_and(iou is null) as is_never_found,
        min(time_key) filter (where iou is null) as first_key,
        max(time_key) filter (where iou is null) as last_key
    from {{ ref("fact_match") }}
    where building_id is not null
    group by tracker, chip_key, building_id

),

final as (

    select
        misses.tracker || '/' || chip_key || '/' || building_id as row_key,
        misses.tracker,
        chip_key,
        building_id,
        misses.months_missed::integer as months_missed,
        misses.is_never_found,
        {{ month_start("misses.first_key") }} as first_month,
        {{ month_start("misses.last_key") }} as last_month,
        footprints.geom::geometry (polygon, 3857) as geom
    from misses
    inner join {{ ref("dim_building") }} as buildings using (chip_key, building_id)
    inner join {{ ref("dim_footprint") }} as footprints
        using (chip_key, building_id, footprint_no)
    where misses.months_missed > 0

)

select * from final
