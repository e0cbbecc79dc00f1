-- Forecasts beside what came of them. A view, so it follows as soon as dbt has built the month that
-- was forecast; made wherever the truth (features.chip_target) is there to be looked at.
create or replace view ml.forecast_error as
with

truth as (
    select
        chip_target.chip_key,
        chip_target.as_of,
        chip_target.horizon,
        outcomes.target,
        outcomes.actual
    from features.chip_target
    cross join
        lateral (
            values
            ({count}, chip_target.net_change::double precision),
            ({area}, chip_target.net_area_change)
        ) as outcomes (target, actual)
)

select
    chip_forecast.chip_key,
    chip_forecast.target,
    chip_forecast.as_of,
    chip_forecast.horizon,
    chip_forecast.model_version,
    chip_forecast.q10,
    chip_forecast.q50,
    chip_forecast.q90,
    chip_forecast.baseline,
    truth.actual,
    truth.actual - chip_forecast.q50 as error,
    truth.actual - chip_forecast.baseline as baseline_error,
    truth.actual between chip_forecast.q10 and chip_forecast.q90 as is_within,
    (
        {pinball}
    ) / {quantile_count} as pinball
from ml.chip_forecast
inner join truth using (chip_key, target, as_of, horizon);
