{{ config(meta={"dagster": {"ref": {"name": "dim_time"}}}) }}

-- Calendar months follow each other without holes. A row is a month whose next is not
-- there.
with

months as (

    select
        time_key,
        month_start,
        lead(month_start) over (order by month_start) as next_month_start
    from {{ ref("dim_time") }}

)

select * from months
where next_month_start <> month_start + interval '1 month'
