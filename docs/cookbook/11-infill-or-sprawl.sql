-- Do new buildings fill up built land or take empty land?
-- Asked by: a researcher.
-- A cell of 32 x 32 px (about 153 m) counts as built if it held a building in the
-- chip's first month.
with

first_months as (

    select
        chip_key,
        aoi_key,
        min(time_key) as time_key
    from marts.fact_chip_month
    group by chip_key, aoi_key

),

built_cells as (

    select
        fact_cell_month.chip_key,
        fact_cell_month.cell_no
    from first_months
    inner join marts.fact_cell_month using (chip_key, time_key)

),

growth as (

    select
        first_months.aoi_key,
        fact_cell_month.appeared,
        built_cells.cell_no is not null as was_built
    from marts.fact_cell_month
    inner join first_months using (chip_key)
    left join built_cells using (chip_key, cell_no)
    where fact_cell_month.appeared > 0

)

select
    dim_aoi.name as aoi,
    sum(growth.appeared) as new_buildings,
    coalesce(sum(growth.appeared) filter (where growth.was_built), 0) as infill,
    coalesce(sum(growth.appeared) filter (where not growth.was_built), 0)
        as on_empty_land,
    round(
        100.0 * coalesce(sum(growth.appeared) filter (where not growth.was_built), 0)
        / sum(growth.appeared),
        1
    ) as on_empty_land_percent
from growth
inner join marts.dim_aoi using (aoi_key)
group by dim_aoi.aoi_key, dim_aoi.name
order by new_buildings desc, aoi asc
