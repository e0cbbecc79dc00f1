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

comment on view ml.forecast_error is
'One row per forecast whose month has come and was observed: what was forecast, what came.';
comment on column ml.forecast_error.chip_key is 'Chip, as in marts.dim_chip.';
comment on column ml.forecast_error.target is 'What changes, as in ml.chip_forecast.';
comment on column ml.forecast_error.as_of is
'Time key of the last observed month that the forecast knew.';
comment on column ml.forecast_error.horizon is 'Months after the as-of month.';
comment on column ml.forecast_error.model_version is 'Version in the MLflow registry.';
comment on column ml.forecast_error.q10 is
'Lower end of the {interval} interval, in units of the target.';
comment on column ml.forecast_error.q50 is 'Median, in units of the target.';
comment on column ml.forecast_error.q90 is
'Upper end of the {interval} interval, in units of the target.';
comment on column ml.forecast_error.baseline is
'The best plain forecast for the same chip and horizon, in units of the target.';
comment on column ml.forecast_error.actual is
'What came: the net change, as later months correct it.';
comment on column ml.forecast_error.error is 'What came less the median.';
comment on column ml.forecast_error.baseline_error is 'What came less the plain forecast.';
comment on column ml.forecast_error.is_within is 'What came lies in the {interval} interval.';
comment on column ml.forecast_error.pinball is
'Pinball loss, mean over the quantiles {quantiles}, in units of the target.';
