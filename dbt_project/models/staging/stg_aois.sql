with

source as (

    select * from {{ source("raw", "aoi") }}

),

renamed as (

    select
        name,
        load_id,
        st_transform(
            st_makevalid(st_geomfromtext(polygon, 4326)), 3857
        ) as geom
    from source

)

select * from renamed
