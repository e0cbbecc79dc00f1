with

source as (

    select * from {{ scores_or_none("run") }} as run

),

renamed as (

    select
        tracker,
        run_no,
        scored_at,
        threshold,
        beta,
        least_area,
        test_chips,
        test_months
    from source

)

select * from renamed
