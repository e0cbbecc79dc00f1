{{ config(materialized="image_fact", pre_hook="{{ mark_moved_chips() }}") }}

with

changed_images as (

    select
        chip_key,
        time_key,
        load_id
    from {{ changed_images("fact_chip_observation") }} as images
    where load_id is not null

),

observations as (

    select
        chip_key,
        time_key,
        building_id,
        footprint_no
    from {{ ref("stg_observations") }}

),

chips as (

    select
        chip_key,
        aoi_key
    from {{ ref("dim_chip") }}

),

final as (

    select
        observations.chip_key,
        observations.time_key,
        observations.building_id,
        chips.aoi_key,
        observations.footprint_no,
        changed_images.load_id
    from observations
    inner join changed_images using (chip_key, time_key)
    inner join chips using (chip_key)

)

select * from final
