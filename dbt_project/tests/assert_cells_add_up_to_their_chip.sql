{{ config(meta={"dagster": {"ref": {"name": "fact_cell_month"}}}) }}

-- The cells of a chip's month hold its buildings and their area. A row is a month where
-- they do not. Tolerance of the area: cells keep it with 7 digits.
with

cells as (

    select
        chip_key,
        time_key,
        sum(building_count) as building_count,
        sum(appeared) as appeared,
        sum(built_area_m2::double precision) as built_area_m2
    from {{ ref("fact_cell_month") }}
    group by chip_key, time_key

)

select
    chip_key,
    time_key,
    chip_months.building_count,
    cells.building_count as cell_count,
    chip_months.appeared + chip_months.revealed as first_seen,
    cells.appeared as appeared_in_cells,
    chip_months.built_area_m2,
    cells.built_area_m2 as cell_area_m2
from {{ ref("fact_chip_month") }} as chip_months
full outer join cells using (chip_key, time_key)
where
    chip_months.building_count is distinct from cells.building_count
    or chip_months.appeared + chip_months.revealed is distinct from cells.appeared
    or abs(chip_months.built_area_m2 - cells.built_area_m2)
    > 1e-5 * chip_months.built_area_m2
