-- What training and forecasting of cells write. Run before every write; changes nothing
-- that is there. What stands in braces comes from ml/model/grid.py, by
-- ml/lifecycle/cells.py.
create table if not exists ml.cell_forecast (
    target text not null check (target = 'growth'),
    horizon smallint not null check (horizon in ({horizons})),
    model_version integer not null,
    as_of integer not null,
    chip_key integer not null,
    cell_no smallint not null check (cell_no between 0 and 1023),
    probability double precision not null check (probability between 0 and 1),
    written_at timestamptz not null default now(),
    primary key (chip_key, as_of, cell_no, horizon, target, model_version)
);

comment on table ml.cell_forecast is
'One row per target, horizon, model version, as-of month, chip and cell: how likely at '
'least one building appears in the cell.';
comment on column ml.cell_forecast.target is
'growth: at least one building appears, revealed ones apart.';
comment on column ml.cell_forecast.horizon is 'Months after the as-of month.';
comment on column ml.cell_forecast.model_version is
'Version of building-hot-spots in the MLflow registry.';
comment on column ml.cell_forecast.as_of is
'Time key of the last observed month that the forecast knows.';
comment on column ml.cell_forecast.chip_key is 'Chip, as in marts.dim_chip.';
comment on column ml.cell_forecast.cell_no is
'Cell of 32 x 32 px, as in features.cell_month.';
comment on column ml.cell_forecast.probability is 'Probability, 0 to 1.';
comment on column ml.cell_forecast.written_at is 'When the row was written.';

create table if not exists ml.cell_backtest (
    run_id text not null,
    protocol text not null check (protocol in ('rolling_origin', 'unseen_aois')),
    horizon smallint not null check (horizon in ({horizons})),
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

comment on table ml.cell_backtest is
'One row per training run, protocol, horizon and forecaster of cells: how good it was, '
'the model beside the plain forecasts.';
comment on column ml.cell_backtest.run_id is 'MLflow run.';
comment on column ml.cell_backtest.protocol is
'rolling_origin: judged on later months; unseen_aois: on AOIs that training never saw.';
comment on column ml.cell_backtest.horizon is 'Months ahead.';
comment on column ml.cell_backtest.forecaster is
'model; own_N: what appeared in the cell in N months; block_N: that doubled, and the '
'3 x 3 block; density: buildings in the cell.';
comment on column ml.cell_backtest.rows_judged is 'Cells and as-of months judged.';
comment on column ml.cell_backtest.rate is 'Share of them that grew.';
comment on column ml.cell_backtest.average_precision is
'Mean precision over those that grew, ranked by score.';
comment on column ml.cell_backtest.lift is
'Rate among the top 5 % by score, as a multiple of the rate of all.';
comment on column ml.cell_backtest.brier is
'Mean squared error of the probability; null for a score that is none.';
comment on column ml.cell_backtest.skill is
'Share of the base rate''s Brier score that is saved.';
comment on column ml.cell_backtest.reliability is
'Widest gap between probability and rate in a tenth of the cells.';
comment on column ml.cell_backtest.written_at is 'When the row was written.';

-- The map's layer is a view of its own.
grant usage on schema ml to transformer;
grant select on ml.cell_forecast to transformer;
