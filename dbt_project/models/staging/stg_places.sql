with

source as (

    select * from {{ source("raw", "place") }}

),

renamed as (

    select
        chip_key,
        town,
        state,
        country,
        country_code
    from source

)

select * from renamed
