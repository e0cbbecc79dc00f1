{{ config(keep_gone=true) }}

with

months as (

    select
        time_key,
        year,
        month,
        month_start
    from {{ ref("int_months") }}

)

select * from months
