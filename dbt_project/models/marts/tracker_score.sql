with

scored_chips as (

    select
        tracker,
        chip_key
    from {{ ref("int_scored_chips") }}

),

scores as (

    select * from {{ ref("stg_chip_scores") }}

),

final as (

    select
        tracker,
        chip_key,
        scores.mismatches,
        scores.track_tp,
        scores.track_fp,
        scores.track_fn,
        scores.track_score,
        scores.change_tp,
        scores.change_fp,
        scores.change_fn,
        scores.change_score,
        scores.scot
    from scored_chips
    inner join scores using (tracker, chip_key)

)

select * from final
