-- What trainings were due, and what became of them. Run before every use; changes nothing that is
-- there.
create table if not exists ml.training (
    training_id bigint generated always as identity primary key,
    family text not null check (family in ('chips', 'cells')),
    at timestamptz not null default clock_timestamp(),
    due_because text not null,
    trained boolean not null,
    promoted boolean not null,
    outcome text not null,
    model_version integer,
    mlflow_run text,
    known_to integer,
    chip_months integer not null,
    data_kind text not null,
    tunables text not null,
    building_months bigint not null default 0
);

comment on table ml.training is
'One row per training: why it was due, what it learned from, what became of the model.';
comment on column ml.training.training_id is 'Number of the training.';
comment on column ml.training.family is
'What is forecast: chips (building-growth) or cells (building-hot-spots).';
comment on column ml.training.at is 'When it ended.';
comment on column ml.training.due_because is 'Why it was started, in a sentence.';
comment on column ml.training.trained is 'The data sufficed, and a model was trained and judged.';
comment on column ml.training.promoted is 'The gate made the model champion, or left it champion.';
comment on column ml.training.outcome is 'What the gate decided and why, in a sentence.';
comment on column ml.training.model_version is 'Version in the MLflow registry.';
comment on column ml.training.mlflow_run is 'Run of MLflow.';
comment on column ml.training.known_to is 'Time key of the last as-of month that it knew.';
comment on column ml.training.chip_months is 'Chip-months that it knew.';
comment on column ml.training.building_months is 'Buildings that it knew, over all chip-months.';
comment on column ml.training.data_kind is 'generated or own.';
comment on column ml.training.tunables is 'Digest of the tunables that it was made with.';
