{{ config(meta={"dagster": {"ref": {"name": "dim_building"}}}) }}

-- Lives come from histories; the rows of the fact must tell the same. A row is a
-- building whose first month, last month or number of months differ.
with

observations as (

    select
        chip_key,
        building_id,
        min(time_key) as first_seen,
        max(time_key) as last_seen,
        count(*) as months_observed
    from {{ ref("fact_chip_observation") }}
    group by chip_key, building_id

),

buildings as (

    select
        chip_key,
        building_id,
        first_seen,
        last_seen,
        months_observed
    from {{ ref("dim_building") }}

)

select
    chip_key,
    building_id,
    buildings.first_seen,
    observations.first_seen as first_observation,
    buildings.last_seen,
    observations.last_seen as last_observation,
    buildings.months_observed,
    observations.months_observed as observation_count
from buildings
full outer join observations using (chip_key, building_id)
where
    (buildings.first_seen, buildings.last_seen, buildings.months_observed)
    is distinct from (
        observations.first_seen, observations.last_seen, observations.months_observed
    )
