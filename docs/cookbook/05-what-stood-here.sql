-- What stood around this point in this month, and was it seen or hidden?
-- Asked by: a planner.
-- Put a point and a month of your own in place of the first two CTEs. Here: the middle
-- of the cell with most buildings, in the middle month that its chip was observed.
with

densest_cell as (

    select
        chip_key,
        st_centroid(geom) as place
    from layers.cells
    order by building_count desc, cell_key asc
    limit 1

),

question as (

    select
        densest_cell.place,
        percentile_disc(0.5) within group (order by fact_chip_month.time_key)
            as time_key
    from densest_cell
    inner join marts.fact_chip_month using (chip_key)
    group by densest_cell.place

)

select
    dim_footprint.chip_key,
    dim_footprint.building_id,
    question.time_key,
    dim_building.first_seen,
    dim_building.demolished_in,
    case
        when fact_chip_observation.building_id is null then 'hidden or open'
        else 'seen'
    end as sight,
    round(dim_footprint.area_m2::numeric, 1) as area_m2
from question
inner join marts.dim_footprint on st_dwithin(dim_footprint.geom, question.place, 100)
inner join marts.dim_building
    on
        dim_footprint.chip_key = dim_building.chip_key
        and dim_footprint.building_id = dim_building.building_id
        and question.time_key >= dim_building.first_seen
        and question.time_key < coalesce(dim_building.demolished_in, 999912)
left join marts.fact_chip_observation
    on
        question.time_key = fact_chip_observation.time_key
        and dim_footprint.chip_key = fact_chip_observation.chip_key
        and dim_footprint.building_id = fact_chip_observation.building_id
where
    dim_footprint.footprint_no
    = coalesce(fact_chip_observation.footprint_no, dim_building.footprint_no)
order by st_distance(dim_footprint.geom, question.place), dim_footprint.building_id
