with

source as (

    select * from {{ source("raw", "rejected_row") }}

),

renamed as (

    select
        load_id,
        source_file,
        line as line_no,
        text as line_text,
        reason
    from source

)

select * from renamed
