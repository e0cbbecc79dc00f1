{{ config(materialized="incremental", on_schema_change="append_new_columns") }}

-- Written by the hooks of the models that it speaks of: macros/incremental/ledger.sql.
select
    null::text as model,
    null::integer as chip_key,
    null::integer as time_key,
    null::integer as load_id,
    null::integer as aoi_key,
    null::text as mask_version
where false
