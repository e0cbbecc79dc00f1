{{ config(materialized="image_fact", pre_hook="{{ mark_moved_chips() }}") }}

with

{% if not starts_anew() -%}
    changed_images as (

        select
            chip_key,
            time_key
        from {{ changed_images("fact_chip_observation") }} as images
        where version is not null

    ),
{%- endif %}

observations as (

    select
        chip_key,
        time_key,
        building_id,
        footprint_no
    from {{ ref("stg_observations") }}
    {% if not starts_anew() -%}
        inner join changed_images using (chip_key, time_key)
        where {{ since_first_of("changed_images") }}
    {%- endif %}

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
        observations.footprint_no
    from observations
    inner join chips using (chip_key)

)

select * from final
