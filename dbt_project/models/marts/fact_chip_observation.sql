with

observations as (

    select
        chip_key,
        time_key,
        building_id,
        footprint_no
    from {{ ref("stg_observations") }}

),

images as (

    select
        chip_key,
        time_key,
        load_id
    from {{ ref("stg_images") }}

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
        images.load_id
    from observations
    inner join images using (chip_key, time_key)
    inner join chips using (chip_key)

)

select * from final
