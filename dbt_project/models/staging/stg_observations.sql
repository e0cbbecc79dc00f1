with

source as (

    select * from {{ source("raw", "observation") }}

),

renamed as (

    select
        chip_key,
        time_key,
        building_id,
        footprint_no
    from source

)

select * from renamed
