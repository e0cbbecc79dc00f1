with

truths as (

    select
        chip_key,
        md5(
            string_agg(
                time_key || encode(content_digest, 'hex'), ',' order by time_key
            )
        ) as digest
    from {{ ref("stg_images") }}
    group by chip_key

),

predictions as (

    select
        tracker,
        chip_key,
        md5(
            string_agg(
                time_key || encode(content_digest, 'hex'), ',' order by time_key
            )
        ) as digest
    from {{ ref("stg_prediction_images") }}
    group by tracker, chip_key

),

scores as (

    select
        tracker,
        chip_key,
        run_no,
        scot,
        truth_digest,
        prediction_digest
    from {{ ref("stg_chip_scores") }}
    where
        scot is not null
        and tracker in (select predictions.tracker from predictions)

),

final as (

    select
        tracker,
        chip_key,
        scores.run_no,
        scores.scot
    from scores
    inner join truths using (chip_key)
    left join predictions using (tracker, chip_key)
    where
        scores.truth_digest = truths.digest
        and scores.prediction_digest = coalesce(predictions.digest, '')

)

select * from final
