-- What training and forecasting write. Run before every write; changes nothing
-- that is there. What stands in braces comes from ml/model/grid.py, by
-- ml/lifecycle/schema.py.
create table if not exists ml.chip_forecast (
    chip_key integer not null,
    target text not null check (target in ({targets})),
    as_of integer not null,
    horizon smallint not null check (horizon in ({horizons})),
    q10 double precision not null,
    q50 double precision not null,
    q90 double precision not null,
    baseline double precision not null,
    model_version integer not null,
    written_at timestamptz not null default now(),
    primary key (chip_key, target, as_of, horizon, model_version),
    constraint quantiles_do_not_cross check (q10 <= q50 and q50 <= q90)
);

-- A table of before there were targets holds forecasts of the count.
do $$
begin
    if not exists (
        select from pg_attribute
        where attrelid = 'ml.chip_forecast'::regclass and attname = 'target'
    ) then
        drop view if exists ml.current_forecast;
        alter table ml.chip_forecast
        add column target text not null default {count} check (target in ({targets}));
        alter table ml.chip_forecast alter column target drop default;
        alter table ml.chip_forecast drop constraint chip_forecast_pkey;
        alter table ml.chip_forecast
        add constraint chip_forecast_pkey
        primary key (chip_key, target, as_of, horizon, model_version);
    end if;
end
$$;

comment on table ml.chip_forecast is
'One row per chip, target, as-of month, horizon and model version: the forecast net change.';
comment on column ml.chip_forecast.chip_key is 'Chip, as in marts.dim_chip.';
comment on column ml.chip_forecast.target is
'What changes: the corrected count (building_count) or built area (built_area_m2).';
comment on column ml.chip_forecast.as_of is
'Time key of the last observed month that the forecast knows.';
comment on column ml.chip_forecast.horizon is 'Months after the as-of month.';
comment on column ml.chip_forecast.q10 is 'Lower end of the {interval} interval, in units of the target.';
comment on column ml.chip_forecast.q50 is 'Median, in units of the target.';
comment on column ml.chip_forecast.q90 is 'Upper end of the {interval} interval, in units of the target.';
comment on column ml.chip_forecast.baseline is
'The best plain forecast for the same chip and horizon, in units of the target.';
comment on column ml.chip_forecast.model_version is 'Version in the MLflow registry.';
comment on column ml.chip_forecast.written_at is 'When the row was written.';

create or replace view ml.current_forecast as
select distinct on (chip_forecast.chip_key, chip_forecast.target, chip_forecast.horizon)
    chip_forecast.chip_key,
    chip_forecast.target,
    chip_forecast.as_of,
    chip_forecast.horizon,
    chip_forecast.q10,
    chip_forecast.q50,
    chip_forecast.q90,
    chip_forecast.baseline,
    chip_forecast.model_version,
    chip_forecast.written_at
from ml.chip_forecast
order by
    chip_forecast.chip_key asc,
    chip_forecast.target asc,
    chip_forecast.horizon asc,
    chip_forecast.as_of desc,
    -- The newest forecast, not the newest model: the champion of before may be back in use.
    chip_forecast.written_at desc,
    chip_forecast.model_version desc;

comment on view ml.current_forecast is
'One row per chip, target and horizon: the last forecast from the newest as-of month.';
comment on column ml.current_forecast.chip_key is 'Chip, as in marts.dim_chip.';
comment on column ml.current_forecast.target is 'What changes, as in ml.chip_forecast.';
comment on column ml.current_forecast.as_of is
'Time key of the last observed month that the forecast knows.';
comment on column ml.current_forecast.horizon is 'Months after the as-of month.';
comment on column ml.current_forecast.q10 is
'Lower end of the {interval} interval, in units of the target.';
comment on column ml.current_forecast.q50 is 'Median, in units of the target.';
comment on column ml.current_forecast.q90 is
'Upper end of the {interval} interval, in units of the target.';
comment on column ml.current_forecast.baseline is
'The best plain forecast for the same chip and horizon, in units of the target.';
comment on column ml.current_forecast.model_version is 'Version in the MLflow registry.';
comment on column ml.current_forecast.written_at is 'When the row was written.';

create table if not exists ml.backtest (
    run_id text not null,
    protocol text not null,
    target text not null check (target in ({targets})),
    horizon smallint not null check (horizon in ({horizons})),
    forecaster text not null,
    rows_judged integer not null check (rows_judged > 0),
    mae double precision not null,
    pinball double precision not null,
    coverage double precision not null check (coverage between 0 and 1),
    written_at timestamptz not null default now(),
    primary key (run_id, protocol, target, horizon, forecaster),
    constraint backtest_protocol_check
    check (protocol in ('rolling_origin', 'unseen_aois', 'unseen_chips'))
);

-- Tables of earlier versions know no AOIs that were never seen.
do $$
begin
    if not exists (
        select from pg_constraint
        where
            conname = 'backtest_protocol_check'
            and conrelid = 'ml.backtest'::regclass
            and pg_get_constraintdef(oid) like '%unseen_aois%'
    ) then
        alter table ml.backtest
        drop constraint backtest_protocol_check,
        add constraint backtest_protocol_check
        check (protocol in ('rolling_origin', 'unseen_aois', 'unseen_chips'));
    end if;
end $$;

-- Nor did they judge more than the count.
do $$
begin
    if not exists (
        select from pg_attribute
        where attrelid = 'ml.backtest'::regclass and attname = 'target'
    ) then
        alter table ml.backtest
        add column target text not null default {count} check (target in ({targets}));
        alter table ml.backtest alter column target drop default;
        alter table ml.backtest drop constraint backtest_pkey;
        alter table ml.backtest
        add constraint backtest_pkey
        primary key (run_id, protocol, target, horizon, forecaster);
    end if;
end $$;

comment on table ml.backtest is
'One row per training run, protocol, target, horizon and forecaster: how good it was, '
'the model beside the plain baselines.';
comment on column ml.backtest.target is 'What was forecast, as in ml.chip_forecast.';
comment on column ml.backtest.run_id is 'MLflow run.';
comment on column ml.backtest.protocol is
'rolling_origin: judged on later months; unseen_aois: on AOIs that training never '
'saw; unseen_chips: on such chips, by earlier versions.';
comment on column ml.backtest.horizon is 'Months ahead.';
comment on column ml.backtest.forecaster is
'model, or the name of a plain forecast, e.g. no_change.';
comment on column ml.backtest.rows_judged is 'Forecasts that were judged.';
comment on column ml.backtest.mae is
'Mean absolute error of the point forecast, in units of the target.';
comment on column ml.backtest.pinball is
'Pinball loss, mean over the quantiles {quantiles}, in units of the target.';
comment on column ml.backtest.coverage is
'Share of the targets within the {interval} interval.';
comment on column ml.backtest.written_at is 'When the row was written.';
