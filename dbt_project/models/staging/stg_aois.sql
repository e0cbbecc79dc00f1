with

source as (

    select * from {{ source("raw", "aoi") }}

),

renamed as (

    select
        name,
        load_id,
        -- beyond every chip_key (below 2 ^ 26), so never the key of a derived AOI
        268435456 + ('x' || left(md5(name), 7))::bit(28)::integer as aoi_key,
        st_transform(
            st_collectionextract(st_makevalid(st_geomfromtext(polygon, 4326)), 3), 3857
        ) as geom
    from source

)

select * from renamed
