with

source as (

    select * from {{ scores_or_none("image_match") }} as image_match

),

renamed as (

    select
        tracker,
        chip_key,
        time_key,
        building_ids,
        predicted_ids,
        ious,
        mismatches
    from source

)

select * from renamed
