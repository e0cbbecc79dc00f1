{{ config(unique_key=["chip_key", "time_key"]) }}

with

images as (

    select
        chip_key,
        time_key,
        load_id,
        row_count
    from {{ ref("stg_images") }}
    where is_observed

),

masks as (

    select
        chip_key,
        time_key,
        string_agg(area_no || ':' || load_id, ' ' order by area_no) as version
    from {{ ref("stg_unusable_areas") }}
    group by chip_key, time_key

),

numbered as (

    select
        chip_key,
        time_key,
        row_count,
        concat_ws(' ', images.load_id, masks.version) as version,
        {{ month_number("time_key") }} as month_number,
        row_number() over chip_months as ordinal,
        lag(time_key) over chip_months as previous_time_key,
        first_value(time_key) over chip_months as first_time_key
    from images
    left join masks using (chip_key, time_key)
    window chip_months as (partition by chip_key order by time_key)

),

final as (

    select
        chip_key,
        time_key,
        version,
        row_count,
        month_number,
        ordinal::smallint as ordinal,
        previous_time_key,
        month_number - {{ month_number("previous_time_key") }} as months_since_previous,
        month_number - {{ month_number("first_time_key") }} as months_since_first
    from numbered

)

select * from final
