-- Does a building's size or its latitude matter to trackers?
-- Asked by: a researcher.
-- Recall: share of building-months that are matched; fifths of the ground area.
with

buildings as (

    select
        dim_building.chip_key,
        dim_building.building_id,
        floor(abs(dim_chip.lat) / 15)::integer * 15 as latitude_from,
        ntile(5) over (
            order by dim_footprint.area_m2
        ) as size_fifth
    from marts.dim_building
    inner join marts.dim_footprint using (chip_key, building_id, footprint_no)
    inner join marts.dim_chip using (chip_key)

)

select
    fact_match.tracker,
    buildings.latitude_from,
    buildings.size_fifth,
    count(*) as building_months,
    round(count(fact_match.iou)::numeric / count(*), 4) as recall,
    round(avg(fact_match.iou::numeric), 4) as mean_iou
from marts.fact_match
inner join buildings using (chip_key, building_id)
group by fact_match.tracker, buildings.latitude_from, buildings.size_fifth
order by
    fact_match.tracker asc,
    buildings.latitude_from asc,
    buildings.size_fifth asc
