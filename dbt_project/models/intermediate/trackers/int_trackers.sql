with

predictions as (

    select
        tracker,
        count(distinct chip_key)::integer as chip_count,
        sum(row_count)::bigint as prediction_count,
        max(loaded_at) as loaded_at
    from {{ ref("stg_prediction_images") }}
    group by tracker

),

scores as (

    select
        tracker,
        count(*)::integer as chips_scored,
        avg(scot::numeric)::double precision as scot
    from {{ ref("int_scored_chips") }}
    group by tracker

),

runs as (

    select
        tracker,
        scored_at,
        threshold,
        beta,
        least_area,
        test_chips,
        test_months
    from {{ ref("stg_scoring_runs") }}

),

final as (

    select
        tracker,
        predictions.chip_count,
        predictions.prediction_count,
        predictions.loaded_at,
        coalesce(scores.chips_scored, 0) as chips_scored,
        scores.scot,
        runs.scored_at,
        runs.threshold,
        runs.beta,
        runs.least_area,
        runs.test_chips,
        runs.test_months
    from predictions
    left join scores using (tracker)
    left join runs using (tracker)

)

select * from final
