with

chips as (

    select
        chip_key,
        chip_id,
        aoi_key,
        metres_per_pixel,
        geom
    from {{ ref("dim_chip") }}

),

aois as (

    select
        aoi_key,
        name
    from {{ ref("dim_aoi") }}

),

chip_months as {{ where_it_lies() }} (

    select
        chip_key,
        time_key,
        building_count,
        corrected_count,
        built_area_m2,
        usable_share
    from {{ ref("fact_chip_month") }}

),

latest_months as (

    select distinct on (chip_key)
        chip_key,
        time_key,
        building_count,
        corrected_count,
        built_area_m2,
        usable_share
    from chip_months
    order by chip_key asc, time_key desc

),

final as (

    select
        chips.chip_key,
        chips.chip_id,
        aois.name as aoi_name,
        {{ month_start("latest_months.time_key") }} as month_start,
        latest_months.building_count,
        latest_months.corrected_count,
        latest_months.corrected_count - year_before.corrected_count as net_change_12,
        latest_months.built_area_m2,
        latest_months.usable_share,
        chips.metres_per_pixel,
        chips.geom::geometry (polygon, 3857) as geom
    from chips
    inner join aois using (aoi_key)
    left join latest_months using (chip_key)
    left join chip_months as year_before
        on
            latest_months.chip_key = year_before.chip_key
            and latest_months.time_key - 100 = year_before.time_key

)

select * from final
