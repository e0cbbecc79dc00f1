with

final as (

    select
        chip_key,
        chip_id,
        aoi_name,
        month_start,
        building_count,
        corrected_count,
        net_change_12,
        built_area_m2,
        usable_share,
        metres_per_pixel,
        st_centroid(geom)::geometry (point, 3857) as geom
    from {{ ref("chips") }}

)

select * from final
