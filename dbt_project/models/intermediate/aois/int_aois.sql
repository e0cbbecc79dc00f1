with

given_aois as (

    select
        aoi_key,
        name,
        geom
    from {{ ref("stg_aois") }}

),

chip_aois as (

    select
        chip_key,
        aoi_key,
        is_given,
        geom
    from {{ ref("int_chip_aois") }}

),

names as (

    select
        aoi_key,
        name
    from {{ ref("int_aoi_names") }}

),

chip_counts as (

    select
        aoi_key,
        count(*)::integer as chip_count
    from chip_aois
    group by aoi_key

),

-- Chips outside the user's AOIs keep their derived one, less what the user's cover.
hulls as (

    select
        aoi_key,
        st_convexhull(st_collect(geom)) as geom
    from chip_aois
    where not is_given
    group by aoi_key

),

derived_aois as (

    select
        hulls.aoi_key,
        case
            when names.name in (select name from given_aois)
                then names.name || ' (' || hulls.aoi_key || ')'
            else names.name
        end as name,
        coalesce(
            st_difference(
                hulls.geom,
                (
                    select st_union(given_aois.geom) from given_aois
                    where st_intersects(given_aois.geom, hulls.geom)
                )
            ),
            hulls.geom
        ) as geom
    from hulls
    inner join names using (aoi_key)

),

all_aois as (

    select * from given_aois
    union all
    select * from derived_aois

),

final as (

    select
        all_aois.aoi_key,
        all_aois.name,
        case
            when st_numgeometries(all_aois.geom) = 1
                then st_geometryn(all_aois.geom, 1)
            else all_aois.geom
        end as geom,
        st_centroid(all_aois.geom) as centroid,
        chip_counts.chip_count
    from all_aois
    inner join chip_counts using (aoi_key)

)

select * from final
