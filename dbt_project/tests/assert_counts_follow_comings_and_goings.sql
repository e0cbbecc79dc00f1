{{ config(meta={"dagster": {"ref": {"name": "fact_chip_month"}}}) }}

-- A month's count is that of the previous observed month, plus what came, less what
-- went. A row is a month where the sum does not come out.
select
    chip_months.chip_key,
    chip_months.time_key,
    previous_months.building_count as previous_count,
    chip_months.appeared,
    chip_months.revealed,
    chip_months.reappeared,
    chip_months.disappeared,
    chip_months.building_count
from {{ ref("fact_chip_month") }} as chip_months
inner join {{ ref("fact_chip_month") }} as previous_months
    on
        chip_months.chip_key = previous_months.chip_key
        and chip_months.previous_time_key = previous_months.time_key
where
    chip_months.building_count <> previous_months.building_count
    + chip_months.appeared
    + chip_months.revealed
    + chip_months.reappeared
    - chip_months.disappeared
