with

source as (

    select * from {{ source("raw", "load_run") }}

),

renamed as (

    select
        load_id,
        source as source_name,
        source_kind,
        tracker,
        content_sha256,
        state,
        message,
        size_bytes,
        rows_read,
        rows_loaded,
        rows_rejected,
        images_changed,
        images_unchanged,
        images_removed,
        started_at,
        finished_at
    from source

)

select * from renamed
