-- The tables of schema raw: lossless and small. Only loaders write here.
-- A building that persists repeats its polygon text to the letter, so each distinct polygon
-- stands once (raw.footprint), and the rows of an image are two arrays of one row
-- (raw.image_rows): the image is the unit of every change.
-- Run when it differs from what raw.schema_version says; upgrade.sql comes before it.

create table if not exists raw.load_run (
    load_id integer generated always as identity primary key,
    source text not null,
    source_kind text not null,
    size_bytes bigint not null,
    content_sha256 text,
    started_at timestamptz not null default clock_timestamp(),
    finished_at timestamptz,
    rows_read bigint,
    rows_loaded bigint,
    rows_rejected bigint,
    images_changed integer,
    images_unchanged integer,
    images_removed integer,
    state text not null check (
        state in ('running', 'loaded', 'unchanged', 'failed', 'interrupted', 'forgotten')
    ),
    message text,
    is_generated boolean not null default false,
    warnings text[] not null default '{}',
    other_forms jsonb,
    tracker text
);

create table if not exists raw.image (
    chip_key integer not null,
    time_key integer not null,
    filename text not null unique,
    mosaic text not null,
    year smallint not null,
    month smallint not null check (month between 1 and 12),
    chip_id text not null,
    quad_e smallint not null,
    quad_n smallint not null,
    tile_x smallint not null,
    tile_y smallint not null,
    zoom smallint not null,
    row_count integer not null check (row_count >= 0),
    load_id integer not null references raw.load_run,
    loaded_at timestamptz not null default clock_timestamp(),
    content_digest bytea not null,
    primary key (chip_key, time_key),
    check (time_key = year * 100 + month),
    check (chip_key = tile_x * 8192 + tile_y),
    check (quad_e = tile_x / 4 and quad_n = (8191 - tile_y) / 4)
);

create table if not exists raw.image_source (
    source text not null,
    chip_key integer not null,
    time_key integer not null,
    image_load_id integer not null,
    primary key (source, chip_key, time_key)
);

create table if not exists raw.footprint (
    chip_key integer not null,
    building_id integer not null,
    footprint_no smallint not null,
    polygon text not null,
    load_id integer not null,
    constraint footprint_pkey primary key (chip_key, building_id, footprint_no)
);

create table if not exists raw.image_rows (
    chip_key integer not null,
    time_key integer not null,
    building_ids integer[] not null,
    footprint_nos smallint[] not null,
    primary key (chip_key, time_key),
    check (cardinality(building_ids) = cardinality(footprint_nos))
);

-- What trackers predict: the same tables, with the tracker in front, so that it never lies among the
-- truth.
create table if not exists raw.prediction_image (
    tracker text not null,
    like raw.image including defaults including constraints,
    primary key (tracker, chip_key, time_key)
);

create table if not exists raw.prediction_footprint (
    tracker text not null,
    like raw.footprint,
    primary key (chip_key, tracker, building_id, footprint_no)
);

create table if not exists raw.prediction_image_rows (
    tracker text not null,
    like raw.image_rows including constraints,
    primary key (chip_key, tracker, time_key)
);

-- Ids in order, and numbers that are nearly all 1, shrink by a third; to squeeze them would cost
-- more time at every write and read than the 15 MB are worth. Only where it is not so yet: Citus
-- takes this for a table that it has not distributed.
do $$
begin
    if exists (
        select 1 from pg_attribute
        where attrelid = 'raw.image_rows'::regclass and attname = 'building_ids' and attstorage <> 'e'
    ) then
        alter table raw.image_rows
        alter column building_ids set storage external,
        alter column footprint_nos set storage external;
    end if;
end
$$;

create table if not exists raw.rejected_row (
    load_id integer not null references raw.load_run,
    source_file text not null,
    line bigint not null,
    text text not null,
    reason text not null
);

create table if not exists raw.unusable_area (
    chip_key integer not null,
    time_key integer not null,
    area_no integer not null,
    polygon text not null,
    load_id integer not null references raw.load_run,
    primary key (chip_key, time_key, area_no)
);

create table if not exists raw.image_mask (
    source text not null,
    chip_key integer not null,
    time_key integer not null,
    load_id integer not null,
    polygons text[] not null,
    primary key (source, chip_key, time_key)
);

create table if not exists raw.aoi (
    name text primary key,
    polygon text not null,
    load_id integer not null references raw.load_run
);

create table if not exists raw.town (
    chip_key integer primary key,
    town text not null,
    state text,
    country text not null,
    country_code text not null
);

create table if not exists raw.schema_version (
    digest text primary key
);

-- On Citus, PostgreSQL's distributed engine, the large tables lie on its nodes by chip, as do those
-- that are made from them; the ledgers are small, and stay whole. Views on them come after.
do $$
declare
    large_table regclass;
begin
    if to_regproc('create_distributed_table') is not null then
        foreach large_table in array array[
            'raw.image_rows',
            'raw.footprint',
            'raw.prediction_image_rows',
            'raw.prediction_footprint'
        ]::regclass[]
        loop
            if not exists (select 1 from pg_dist_partition where logicalrelid = large_table) then
                perform create_distributed_table(large_table, 'chip_key');
            end if;
        end loop;
    end if;
end
$$;

-- Functions in the list of a subquery give their rows one by one; in its from clause each would be
-- written to a store of its own first, at twice the cost. The planner takes an array for ten rows,
-- and a series whose end it does not know for a thousand: this one has no row, and is there to be
-- counted, so that whole images are joined as many rows.
create or replace view raw.observation as
select
    image_rows.chip_key,
    image_rows.time_key,
    sighting.building_id,
    sighting.footprint_no
from raw.image_rows
cross join lateral (
    select
        unnest(image_rows.building_ids) as building_id,
        unnest(image_rows.footprint_nos) as footprint_no,
        generate_series(1, 0 * image_rows.time_key) as no_number
) as sighting;

create or replace view raw.prediction_observation as
select
    prediction_image_rows.tracker,
    prediction_image_rows.chip_key,
    prediction_image_rows.time_key,
    sighting.building_id,
    sighting.footprint_no
from raw.prediction_image_rows
cross join
    lateral unnest(prediction_image_rows.building_ids, prediction_image_rows.footprint_nos)
    as sighting (building_id, footprint_no);

-- To Citus a subquery without tables is one that it had better not send to its nodes.
do $$
begin
    if to_regproc('create_distributed_table') is not null then
        create or replace view raw.observation as
        select
            image_rows.chip_key,
            image_rows.time_key,
            sighting.building_id,
            sighting.footprint_no
        from raw.image_rows
        cross join lateral unnest(image_rows.building_ids, image_rows.footprint_nos)
            as sighting (building_id, footprint_no);
    end if;
end
$$;

create or replace view raw.pixel_row as
select
    image.filename,
    observation.building_id as id,
    footprint.polygon as geometry
from raw.observation
inner join raw.image
    on
        observation.chip_key = image.chip_key
        and observation.time_key = image.time_key
inner join raw.footprint
    on
        observation.chip_key = footprint.chip_key
        and observation.building_id = footprint.building_id
        and observation.footprint_no = footprint.footprint_no;

comment on table raw.load_run is 'One row per load: the ledger of what was read, and what became of it.';
comment on column raw.load_run.is_generated is 'The source is generated data, not the user''s own.';
comment on column raw.load_run.warnings is 'What could not be loaded of a source that was loaded otherwise, in sentences.';
comment on column raw.load_run.other_forms is 'How many rows were loaded from another form with the same meaning, by kind; null where none was.';
comment on table raw.image is 'One row per chip and month that a source names; row_count 0 means known, not observed.';
comment on column raw.image.load_id is 'The load that last changed the rows of this image.';
comment on column raw.image.content_digest is 'SHA-256 over the sorted building ids and footprint numbers; equal rows, equal digest.';
comment on table raw.image_source is 'One row per source and image: which source has which image.';
comment on column raw.image_source.image_load_id is 'raw.image.load_id when this source was last read: its version of the image.';
comment on table raw.footprint is 'One row per distinct polygon text of a building, in pixels of its chip, to the letter.';
comment on column raw.footprint.load_id is 'The load that first brought this polygon.';
comment on table raw.image_rows is 'One row per image: its rows as two arrays, by building id.';
comment on column raw.image_rows.footprint_nos is 'For each of building_ids, the number of its polygon (raw.footprint).';
comment on view raw.observation is 'One row per row of the source: a building seen on a chip in a month. Unique by construction.';
comment on view raw.pixel_row is 'One row per row of the source: filename, id, geometry, to the byte; of a row in another form, its canonical form.';
comment on table raw.rejected_row is 'One row per row of a source that could not be loaded, with its line, text and reason.';
comment on table raw.unusable_area is 'One row per polygon of an unusable-data mask (cloud, haze); WKT in longitude and latitude.';
comment on table raw.image_mask is 'One row per source and image of which it has a mask: WKT of its areas; none means that all is usable.';
comment on column raw.image_mask.load_id is 'The load that last brought it: of several sources'' masks, the newest holds.';
comment on table raw.aoi is 'One row per area of interest of the user''s own; WKT in longitude and latitude.';
comment on table raw.town is 'One row per chip ever loaded: the nearest town (GeoNames), as it was first named.';
comment on column raw.load_run.tracker is 'The tracker whose predictions were loaded; null for the truth.';
comment on table raw.prediction_image is 'One row per tracker, chip and month that its predictions name; row_count 0 means that it found nothing.';
comment on table raw.prediction_footprint is 'One row per distinct polygon text of a tracker''s building, in pixels of its chip, to the letter.';
comment on column raw.prediction_footprint.building_id is 'The tracker''s own id, unique within the chip.';
comment on table raw.prediction_image_rows is 'One row per image of a tracker: its rows as two arrays, by the tracker''s ids.';
comment on view raw.prediction_observation is 'One row per predicted building, chip and month of a tracker.';
comment on table raw.schema_version is 'One row: digest of the SQL that made these tables.';

-- Training has to know whether it learns from generated data, and reads nothing else here.
grant usage on schema raw to trainer;
grant select on raw.image, raw.load_run to trainer;
