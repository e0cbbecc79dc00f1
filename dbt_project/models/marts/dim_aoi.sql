with

chips as (

    select
        chip_key,
        chip_id,
        geom
    from {{ ref("int_chips") }}

),

chip_groups as (

    select
        chip_key,
        aoi_key
    from {{ ref("int_chip_groups") }}

),

hulls as (

    select
        chip_groups.aoi_key,
        st_convexhull(st_collect(chips.geom)) as geom,
        count(*)::integer as chip_count
    from chip_groups
    inner join chips using (chip_key)
    group by chip_groups.aoi_key

),

final as (

    select
        hulls.aoi_key,
        'AOI of ' || chips.chip_id as name,
        hulls.geom,
        st_centroid(hulls.geom) as centroid,
        hulls.chip_count
    from hulls
    inner join chips on hulls.aoi_key = chips.chip_key

)

select * from final
