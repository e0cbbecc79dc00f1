{{ config(meta={"dagster": {"ref": {"name": "cell_month"}}}) }}

-- What cells know of growth adds up to what the months of their chip say. A row is a
-- month where it does not.
with

cells as (

    select
        chip_key,
        as_of,
        sum(appeared) as appeared,
        sum(appeared_12) as appeared_12
    from {{ ref("cell_month") }}
    group by chip_key, as_of

),

chip_months as (

    select
        chip_key,
        time_key,
        sum(appeared) over (partition by chip_key order by time_key) as appeared,
        sum(appeared) over (
            partition by chip_key
            order by {{ month_number("time_key") }}
            range between 11 preceding and current row
        ) as appeared_12
    from {{ ref("fact_chip_month") }}

)

select
    chip_months.chip_key,
    chip_months.time_key,
    chip_months.appeared,
    chip_months.appeared_12,
    cells.appeared as appeared_in_cells,
    cells.appeared_12 as appeared_12_in_cells
from chip_months
full outer join cells
    on chip_months.chip_key = cells.chip_key and chip_months.time_key = cells.as_of
where
    (chip_months.appeared, chip_months.appeared_12)
    is distinct from (cells.appeared, cells.appeared_12)
