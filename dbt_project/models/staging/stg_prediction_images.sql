with

source as (

    select * from {{ source("raw", "prediction_image") }}

),

renamed as (

    select
        tracker,
        chip_key,
        time_key,
        load_id,
        row_count,
        loaded_at,
        content_digest
    from source

)

select * from renamed
