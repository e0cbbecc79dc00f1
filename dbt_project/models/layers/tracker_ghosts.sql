with

ghosts as (

    select
        tracker,
        chip_key,
        predicted_id,
        count(*) filter (where iou is null) as months_unmatched,
        bool_and(iou is null) as is_never_matched,
        min(time_key) filter (where iou is null) as first_key,
        max(time_key) filter (where iou is null) as last_key
    from {{ ref("fact_match") }}
    where predicted_id is not null
    group by tracker, chip_key, predicted_id

),

polygons as (

    select distinct on (tracker, chip_key, predicted_id)
        tracker,
        chip_key,
        predicted_id,
        geom
    from {{ ref("int_predicted_polygons") }}
    order by tracker asc, chip_key asc, predicted_id asc, footprint_no asc

),

final as (

    select
        tracker || '/' || chip_key || '/' || predicted_id as row_key,
        tracker,
        chip_key,
        predicted_id,
        ghosts.months_unmatched::integer as months_unmatched,
        ghosts.is_never_matched,
        {{ month_start("ghosts.first_key") }} as first_month,
        {{ month_start("ghosts.last_key") }} as last_month,
        polygons.geom::geometry (polygon, 3857) as geom
    from ghosts
    inner join polygons using (tracker, chip_key, predicted_id)
    where ghosts.months_unmatched > 0

)

select * from final
