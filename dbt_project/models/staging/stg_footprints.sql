with

source as (

    select * from {{ source("raw", "footprint") }}

),

renamed as (

    select
        chip_key,
        building_id,
        footprint_no,
        load_id,
        st_geomfromtext(polygon) as pixel_geom
    from source

)

select * from renamed
