with

source as (

    select * from {{ source("raw", "image") }}

),

renamed as (

    select
        chip_key,
        time_key,
        load_id,
        filename,
        chip_id,
        mosaic,
        quad_e,
        quad_n,
        tile_x,
        tile_y,
        zoom,
        year,
        month,
        row_count,
        row_count > 0 as is_observed,
        loaded_at,
        content_digest
    from source

)

select * from renamed
