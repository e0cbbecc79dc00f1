{{ config(materialized="image_fact") }}

with

changed_images as (

    select
        chip_key,
        time_key,
        aoi_key
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

final as (

    select
        chip_key,
        time_key,
        observations.building_id,
        changed_images.aoi_key,
        observations.footprint_no
    from observations
    inner join changed_images using (chip_key, time_key)
    where {{ since_first_of("changed_images") }}

)

select * from final
