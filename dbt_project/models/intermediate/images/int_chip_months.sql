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

-- A polygon that is another one is of a newer load; one that is gone makes them fewer.
masks as (

    select
        chip_key,
        time_key,
        max(load_id) || '/' || count(*) as mask_version
    from {{ ref("stg_unusable_areas") }}
    group by chip_key, time_key

),

numbered as (

    select
        chip_key,
        time_key,
        images.load_id,
        images.row_count,
        chip_aois.aoi_key,
        masks.mask_version,
        {{ month_number("time_key") }} as month_number,
        row_number() over chip_months as ordinal,
        lag(time_key) over chip_months as previous_time_key
    from chip_aois
    inner join images using (chip_key)
    left join masks using (chip_key, time_key)
    window chip_months as (partition by chip_key order by time_key)

),

final as (

    select
        chip_key,
        time_key,
        load_id,
        row_count,
        aoi_key,
        mask_version,
        ordinal::smallint as ordinal,
        previous_time_key,
        month_number - {{ month_number("previous_time_key") }} as months_since_previous
    from numbered

)

select * from final
