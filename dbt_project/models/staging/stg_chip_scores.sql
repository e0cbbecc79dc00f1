with

source as (

    select * from {{ scores_or_none("chip_score") }} as chip_score

),

renamed as (

    select
        tracker,
        chip_key,
        run_no,
        truth_digest,
        prediction_digest,
        mismatches,
        track_tp,
        track_fp,
        track_fn,
        track_score,
        change_tp,
        change_fp,
        change_fn,
        change_score,
        scot
    from source

)

select * from renamed
