with

loads as (

    select
        load_id,
        source_name,
        source_kind,
        state,
        started_at,
        finished_at,
        rows_read,
        rows_loaded,
        rows_rejected,
        images_changed,
        images_removed
    from {{ ref("stg_load_runs") }}

),

final as (

    select
        load_id,
        regexp_replace(source_name, '^.*[/\\]', '') as source_name,
        source_kind,
        state,
        started_at,
        finished_at,
        rows_read,
        rows_loaded,
        rows_rejected,
        images_changed,
        images_removed
    from loads

)

select * from final
