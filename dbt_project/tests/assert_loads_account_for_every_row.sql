{{ config(meta={"dagster": {"ref": {"name": "stg_load_runs"}}}) }}

-- Every row that a load read was loaded or stands among the rejected with its reason.
-- A row is a load that lost some.
select
    load_runs.load_id,
    load_runs.rows_read,
    load_runs.rows_loaded,
    load_runs.rows_rejected,
    count(rejected_rows.load_id) as rows_in_reject_table
from {{ ref("stg_load_runs") }} as load_runs
left join {{ ref("stg_rejected_rows") }} as rejected_rows using (load_id)
where load_runs.state = 'loaded'
group by
    load_runs.load_id,
    load_runs.rows_read,
    load_runs.rows_loaded,
    load_runs.rows_rejected
having
    load_runs.rows_read <> load_runs.rows_loaded + load_runs.rows_rejected
    or load_runs.rows_rejected <> count(rejected_rows.load_id)
