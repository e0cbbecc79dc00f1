{{ config(meta={"dagster": {"ref": {"name": "fact_cell_month"}}}) }}

-- The cells of a chip's month hold all buildings of its image and, in its latest month,
-- their area; they add up to the chip's month. A row is a month where they do not.
-- Tolerance of the area: cells keep it in whole mm2 of each polygon.
-- Materialized, as Citus joins two tables in full, not three.
with

cells as materialized (

    select
        chip_key,
        time_key,
        sum(building_count) as building_count,
        sum(appeared) as appeared,
        sum(revealed) as revealed,
        sum(built_area_m2) as built_area_m2
    from {{ ref("fact_cell_month") }}
    group by chip_key, time_key

),

images as materialized (

    select
        chip_key,
        time_key,
        row_count
    from {{ ref("int_chip_months") }}

),

latest_months as (

    select
        chip_key,
        max(time_key) as time_key
    from images
    group by chip_key

),

latest_areas as materialized (

    select
        chip_key,
        observations.time_key,
        sum(footprints.area_m2) as area_m2
    from {{ ref("fact_chip_observation") }} as observations
    inner join latest_months using (chip_key, time_key)
    inner join {{ ref("dim_footprint") }} as footprints
        using (chip_key, building_id, footprint_no)
    group by chip_key, observations.time_key

),

chip_months as materialized (

    select
        chip_key,
        time_key,
        building_count,
        appeared,
        revealed,
        built_area_m2
    from {{ ref("fact_chip_month") }}

)

select
    chip_key,
    time_key,
    images.row_count,
    cells.building_count as cell_count,
    chip_months.building_count,
    chip_months.appeared,
    cells.appeared as appeared_in_cells,
    chip_months.revealed,
    cells.revealed as revealed_in_cells,
    latest_areas.area_m2,
    cells.built_area_m2 as cell_area_m2,
    chip_months.built_area_m2
from chip_months
full outer join cells using (chip_key, time_key)
full outer join images using (chip_key, time_key)
left join latest_areas using (chip_key, time_key)
where
    images.row_count is distinct from cells.building_count
    or chip_months.building_count is distinct from cells.building_count
    or (chip_months.appeared, chip_months.revealed)
    is distinct from (cells.appeared, cells.revealed)
    or (
        abs(latest_areas.area_m2 - cells.built_area_m2) > 1e-6 * images.row_count
        or abs(chip_months.built_area_m2 - cells.built_area_m2) > 1e-6
    ) is true
