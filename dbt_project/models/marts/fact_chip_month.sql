with

chip_months as (

    select
        chip_key,
        time_key,
        previous_time_key,
        months_since_previous
    from {{ ref("int_chip_months") }}

),

chips as (

    select
        chip_key,
        aoi_key
    from {{ ref("dim_chip") }}

),

counts as (

    select
        chip_key,
        time_key,
        building_count,
        occluded,
        open,
        appeared,
        demolished,
        disappeared,
        reappeared
    from {{ ref("int_chip_month_counts") }}

),

areas as (

    select
        chip_key,
        time_key,
        built_area_m2
    from {{ ref("int_chip_month_areas") }}

),

usable_shares as (

    select
        chip_key,
        time_key,
        usable_share
    from {{ ref("int_usable_shares") }}

),

final as (

    select
        chip_months.chip_key,
        chip_months.time_key,
        chips.aoi_key,
        chip_months.previous_time_key,
        chip_months.months_since_previous,
        counts.building_count,
        counts.building_count + counts.occluded + counts.open as corrected_count,
        areas.built_area_m2,
        counts.appeared,
        counts.reappeared,
        counts.disappeared,
        counts.demolished,
        counts.occluded,
        counts.open,
        coalesce(usable_shares.usable_share, 1) as usable_share
    from chip_months
    inner join chips using (chip_key)
    inner join counts using (chip_key, time_key)
    inner join areas using (chip_key, time_key)
    left join usable_shares using (chip_key, time_key)

)

select * from final
