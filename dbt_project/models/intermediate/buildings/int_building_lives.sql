with

histories as (

    select
        chip_key,
        building_id,
        footprint_no,
        seen
    from {{ ref("int_footprint_histories") }}

),

final as (

    select
        chip_key,
        building_id,
        range_agg(seen) as seen,
        min(lower(seen))::smallint as first_ordinal,
        (max(upper(seen)) - 1)::smallint as last_ordinal,
        -- arrays are compared by their first element, the month
        (min(array[lower(seen), footprint_no]))[2]::smallint as first_footprint_no,
        (max(array[upper(seen), footprint_no]))[2]::smallint as footprint_no,
        count(*)::smallint as footprint_count
    from histories
    group by chip_key, building_id

)

select * from final
