with

source as (

    select * from {{ source("raw", "prediction_footprint") }}

),

renamed as (

    select
        tracker,
        chip_key,
        building_id as predicted_id,
        footprint_no,
        st_geomfromtext(polygon) as pixel_geom
    from source

)

select * from renamed
