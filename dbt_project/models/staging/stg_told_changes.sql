with

source as (

    select * from {{ scores_or_none("change") }} as told_change

),

renamed as (

    select
        tracker,
        chip_key,
        building_id,
        time_key,
        predicted_id,
        told_key,
        months_late
    from source

)

select * from renamed
