-- What training and forecasting write. Run before every write; changes nothing
-- that is there. What stands in braces comes from ml/model/grid.py, by
-- ml/lifecycle/schema.py.
create table if not exists ml.chip_forecast (
    chip_key integer not null,
    as_of integer not null,
    horizon smallint not null check (horizon in ({horizons})),
    q10 double precision not null,
    q50 double precision not null,
    q90 double precision not null,
    baseline double precision not null,
    model_version integer not null,
    written_at timestamptz not null default now(),
    primary key (chip_key, as_of, horizon, model_version),
    constraint quantiles_do_not_cross check (q10 <= q50 and q50 <= q90)
);

comment on table ml.chip_forecast is
'One row per chip, as-of month, horizon and model version: the forecast net change of '
'the corrected building count.';
comment on column ml.chip_forecast.chip_key is 'Chip, as in marts.dim_chip.';
comment on column ml.chip_forecast.as_of is
'Time key of the last observed month that the forecast knows.';
comment on column ml.chip_forecast.horizon is 'Months after the as-of month.';
comment on column ml.chip_forecast.q10 is 'Lower end of the {interval} interval, buildings.';
comment on column ml.chip_forecast.q50 is 'Median, buildings.';
comment on column ml.chip_forecast.q90 is 'Upper end of the {interval} interval, buildings.';
comment on column ml.chip_forecast.baseline is
'The best plain forecast for the same chip and horizon, buildings.';
comment on column ml.chip_forecast.model_version is 'Version in the MLflow registry.';
comment on column ml.chip_forecast.written_at is 'When the row was written.';

create or replace view ml.current_forecast as
select distinct on (chip_forecast.chip_key, chip_forecast.horizon)
    chip_forecast.chip_key,
    chip_forecast.as_of,
    chip_forecast.horizon,
    chip_forecast.q10,
    chip_forecast.q50,
    chip_forecast.q90,
    chip_forecast.baseline,
    chip_forecast.model_version
from ml.chip_forecast
order by
    chip_forecast.chip_key asc,
    chip_forecast.horizon asc,
    chip_forecast.as_of desc,
    chip_forecast.model_version desc;

comment on view ml.current_forecast is
'One row per chip and horizon: the forecast from the newest as-of month by the newest '
'model.';
comment on column ml.current_forecast.chip_key is 'Chip, as in marts.dim_chip.';
comment on column ml.current_forecast.as_of is
'Time key of the last observed month that the forecast knows.';
comment on column ml.current_forecast.horizon is 'Months after the as-of month.';
comment on column ml.current_forecast.q10 is
'Lower end of the {interval} interval, buildings.';
comment on column ml.current_forecast.q50 is 'Median, buildings.';
comment on column ml.current_forecast.q90 is
'Upper end of the {interval} interval, buildings.';
comment on column ml.current_forecast.baseline is
'The best plain forecast for the same chip and horizon, buildings.';
comment on column ml.current_forecast.model_version is 'Version in the MLflow registry.';

create table if not exists ml.backtest (
    run_id text not null,
    protocol text not null,
    horizon smallint not null check (horizon in ({horizons})),
    forecaster text not null,
    rows_judged integer not null check (rows_judged > 0),
    mae double precision not null,
    pinball double precision not null,
    coverage double precision not null check (coverage between 0 and 1),
    written_at timestamptz not null default now(),
    primary key (run_id, protocol, horizon, forecaster),
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

comment on table ml.backtest is
'One row per training run, protocol, horizon and forecaster: how good it was, the '
'model beside the plain baselines.';
comment on column ml.backtest.run_id is 'MLflow run.';
comment on column ml.backtest.protocol is
'rolling_origin: judged on later months; unseen_aois: on AOIs that training never '
'saw; unseen_chips: on such chips, by earlier versions.';
comment on column ml.backtest.horizon is 'Months ahead.';
comment on column ml.backtest.forecaster is
'model, or the name of a plain forecast, e.g. no_change.';
comment on column ml.backtest.rows_judged is 'Forecasts that were judged.';
comment on column ml.backtest.mae is
'Mean absolute error of the point forecast, buildings.';
comment on column ml.backtest.pinball is
'Pinball loss, mean over the quantiles {quantiles}, buildings.';
comment on column ml.backtest.coverage is
'Share of the targets within the {interval} interval.';
comment on column ml.backtest.written_at is 'When the row was written.';

-- On Citus what has a chip lies with it on its node.
do $$
declare
    table_of_chips regclass;
begin
    if to_regproc('create_distributed_table') is not null then
        for table_of_chips in
            select pg_class.oid::regclass
            from pg_class
            inner join pg_attribute on pg_class.oid = pg_attribute.attrelid
            where
                pg_class.relnamespace = 'ml'::regnamespace
                and pg_class.relkind = 'r'
                and pg_attribute.attname = 'chip_key'
                and pg_class.oid not in (select logicalrelid from pg_dist_partition)
            order by pg_class.relname
        loop
            perform create_distributed_table(table_of_chips, 'chip_key');
        end loop;
    end if;
end
$$;
