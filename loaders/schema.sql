-- The tables of schema raw: lossless and small. Only loaders write here; what each table and
-- column means is described once, in dbt_project/models/staging/sources.yml.
-- A building that persists repeats its polygon text to the letter, so each distinct polygon
-- stands once (raw.footprint) and a CSV row is four integers (raw.observation).

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
        state in ('running', 'loaded', 'unchanged', 'failed', 'interrupted')
    ),
    message text
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

create table if not exists raw.observation (
    chip_key integer not null,
    time_key integer not null,
    building_id integer not null,
    footprint_no smallint not null
);

create index if not exists observation_image_brin on raw.observation
using brin (chip_key, time_key) with (pages_per_range = 32);

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

create table if not exists raw.aoi (
    name text primary key,
    polygon text not null,
    load_id integer not null references raw.load_run
);

create table if not exists raw.place (
    chip_key integer primary key,
    town text not null,
    state text,
    country text not null,
    country_code text not null
);

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
