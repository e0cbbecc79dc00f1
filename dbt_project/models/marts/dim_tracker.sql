{{ config(keep_gone=true) }}

with

final as (

    select
        tracker,
        chip_count,
        prediction_count,
        loaded_at,
        chips_scored,
        scot,
        scored_at,
        threshold,
        beta,
        least_area,
        test_chips,
        test_months
    from {{ ref("int_trackers") }}

)

select * from final
