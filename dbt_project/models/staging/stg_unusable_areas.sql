with

source as (

    select * from {{ source("raw", "unusable_area") }}

),

renamed as (

    select
        chip_key,
        time_key,
        area_no,
        load_id,
        st_transform(
            st_makevalid(st_geomfromtext(polygon, 4326)), 3857
        ) as geom
    from source

)

select * from renamed
