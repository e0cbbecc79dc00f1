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

chip_aois as (

    select
        chip_key,
        aoi_key
    from {{ ref("int_chip_aois") }}

),

numbered as (

    select
        chip_key,
        time_key,
        images.load_id,
        images.row_count,
        chip_aois.aoi_key,
        {{ month_number("time_key") }} as month_number,
        row_number() over chip_months as ordinal,
        lag(time_key) over chip_months as previous_time_key
    from chip_aois
    inner join images using (chip_key)
    window chip_months as (partition by chip_key order by time_key)

),

final as (

    select
        chip_key,
        time_key,
        load_id,
        row_count,
        aoi_key,
        ordinal::smallint as ordinal,
        previous_time_key,
        month_number - {{ month_number("previous_time_key") }} as months_since_previous
    from numbered

)

select * from final
