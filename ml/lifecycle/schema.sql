-- What training and forecasting write; run before every write, and changes nothing that
-- is there. What stands in braces comes from ml/model/grid.py, by ml/lifecycle/schema.py;
-- what tables and columns mean stands in columns.toml.
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

create table if not exists ml.cell_forecast (
    target text not null check (target = '{cell_target}'),
    horizon smallint not null check (horizon in ({cell_horizons})),
    model_version integer not null,
    as_of integer not null,
    chip_key integer not null,
    cell_no smallint not null check (cell_no between 0 and 1023),
    probability double precision not null check (probability between 0 and 1),
    written_at timestamptz not null default now(),
    primary key (chip_key, as_of, cell_no, horizon, target, model_version)
);

create table if not exists ml.cell_backtest (
    run_id text not null,
    protocol text not null check (protocol in ('rolling_origin', 'unseen_aois')),
    horizon smallint not null check (horizon in ({cell_horizons})),
    forecaster text not null,
    rows_judged integer not null check (rows_judged > 0),
    rate double precision not null,
    average_precision double precision not null,
    lift double precision,
    brier double precision,
    skill double precision,
    reliability double precision,
    written_at timestamptz not null default now(),
    primary key (run_id, protocol, horizon, forecaster)
);

-- The map's layer is a view of its own.
grant usage on schema ml to transformer;
grant select on ml.cell_forecast to transformer;
