-- Which buildings does every tracker miss, in all months?
-- Asked by: an ML engineer.
-- Trackers that were scored on the building's chip; small buildings come first.
with

found as (

    select
        fact_match.chip_key,
        fact_match.building_id,
        fact_match.tracker,
        count(*) as months_scored,
        count(fact_match.iou) as months_found
    from marts.fact_match
    where fact_match.building_id is not null
    group by fact_match.chip_key, fact_match.building_id, fact_match.tracker

)

select
    dim_chip.chip_id,
    found.building_id,
    count(*) as trackers,
    min(found.months_scored) as months_scored,
    round(min(dim_footprint.area_m2)::numeric, 1) as area_m2
from found
inner join marts.dim_chip using (chip_key)
inner join marts.dim_building using (chip_key, building_id)
inner join marts.dim_footprint using (chip_key, building_id, footprint_no)
group by dim_chip.chip_id, found.building_id
having sum(found.months_found) = 0
order by area_m2 asc, dim_chip.chip_id asc, found.building_id asc
