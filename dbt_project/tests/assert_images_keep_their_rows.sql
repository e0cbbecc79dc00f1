{{ config(meta={"dagster": {"ref": {"name": "fact_chip_observation"}}}) }}

-- Each image has as many rows in the fact, and as many buildings in the month's
-- counts (which come from histories, not from rows), as the loader counted. A row is an
-- image that has not. Materialized, as Citus joins two tables in full, not three.
with

images as materialized (

    select
        chip_key,
        time_key,
        row_count
    from {{ ref("int_chip_months") }}

),

observations as materialized (

    select
        chip_key,
        time_key,
        count(*) as observation_count
    from {{ ref("fact_chip_observation") }}
    group by chip_key, time_key

),

chip_months as materialized (

    select
        chip_key,
        time_key,
        building_count
    from {{ ref("fact_chip_month") }}

)

select
    chip_key,
    time_key,
    images.row_count,
    observations.observation_count,
    chip_months.building_count
from images
full outer join observations using (chip_key, time_key)
full outer join chip_months using (chip_key, time_key)
where
    images.row_count is distinct from observations.observation_count
    or images.row_count is distinct from chip_months.building_count
