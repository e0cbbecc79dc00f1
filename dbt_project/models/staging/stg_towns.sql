with

source as (

    select * from {{ source("raw", "town") }}

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
