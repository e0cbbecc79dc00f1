-- What scoring writes; nobody else writes here. Run before every write; changes nothing that is
-- there. Described for people in dbt_project/models/staging/scores.yml.
create sequence if not exists scores.run_no as integer;

create table if not exists scores.run (
    tracker text primary key,
    run_no integer not null,
    scored_at timestamptz not null default clock_timestamp(),
    threshold double precision not null,
    beta double precision not null,
    least_area double precision not null,
    test_chips text[],
    test_months integer[]
);

create table if not exists scores.chip_score (
    tracker text not null,
    chip_key integer not null,
    run_no integer not null,
    truth_digest text not null,
    prediction_digest text not null,
    unscored integer not null,
    too_small integer not null,
    mismatches integer,
    track_tp integer,
    track_fp integer,
    track_fn integer,
    track_score double precision,
    change_tp integer,
    change_fp integer,
    change_fn integer,
    change_score double precision,
    scot double precision,
    primary key (tracker, chip_key)
);

create table if not exists scores.chip_part (
    tracker text not null,
    chip_key integer not null,
    dimension text not null,
    code integer not null,
    part text not null,
    tp integer not null,
    fp integer,
    fn integer not null,
    mismatches integer not null,
    primary key (tracker, chip_key, dimension, code)
);

create table if not exists scores.change (
    tracker text not null,
    chip_key integer not null,
    building_id integer not null,
    time_key integer not null,
    predicted_id integer,
    told_key integer,
    months_late integer,
    primary key (chip_key, tracker, building_id)
);

create table if not exists scores.image_match (
    tracker text not null,
    chip_key integer not null,
    time_key integer not null,
    building_ids integer[] not null,
    predicted_ids integer[] not null,
    ious double precision[] not null,
    mismatches boolean[] not null,
    primary key (chip_key, tracker, time_key)
);

-- On Citus what has a chip lies with it on its node.
do $$
declare
    table_of_chips regclass;
begin
    if to_regproc('create_distributed_table') is not null then
        foreach table_of_chips in array array[
            'scores.chip_score', 'scores.chip_part', 'scores.change', 'scores.image_match'
        ]::regclass[]
        loop
            if not exists (
                select 1 from pg_dist_partition where logicalrelid = table_of_chips
            ) then
                perform create_distributed_table(table_of_chips, 'chip_key');
            end if;
        end loop;
    end if;
end
$$;

comment on table scores.run is 'One row per tracker that was scored: by what, and on which part of the truth.';
comment on table scores.chip_score is 'One row per tracker and chip: counts and scores; null where the chip has no truth.';
comment on table scores.chip_part is 'One row per tracker, chip and class of buildings: matches, ghosts, misses.';
comment on table scores.change is 'One row per tracker and building that is not there in its chip''s first month: when it was told.';
comment on table scores.image_match is 'One row per tracker, chip and month: its matches, misses and ghosts as arrays.';
