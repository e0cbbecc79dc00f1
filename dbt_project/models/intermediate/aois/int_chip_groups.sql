{{ config(materialized="incremental", full_refresh=var("renew_aois")) }}

with

new_and_known as (

    select
        chip_key,
        {{ "null::integer as aoi_key" if starts_anew() else "known.aoi_key" }},
        {{ tile_of("chip_key") }} as tile,
        {{ place_on_globe(tile_of("chip_key")) }} as place
    from {{ ref("int_chips") }}
    {% if not starts_anew() -%}
        full outer join {{ this }} as known using (chip_key)
    {% endif -%}
    order by chip_key

),

clusters as (

    select
        *,
        st_clusterkmeans(
            place,
            least({{ var("aoi_count") }}, (select count(*) from new_and_known))::integer
        ) over () as globe_cluster_no
    from new_and_known

),

-- What lies together across the antimeridian lies at both ends of the map: two clusters.
clustered as (

    select
        *,
        globe_cluster_no * 2 + (
            chip_key / 8192 >= 4096
            and max(chip_key / 8192) over on_globe
            - min(chip_key / 8192) over on_globe >= 4096
        )::integer as cluster_no
    from clusters
    window on_globe as (partition by globe_cluster_no)

),

known as (

    select
        *,
        st_convexhull(st_collect(tile) over (partition by aoi_key)) as hull
    from clustered
    where aoi_key is not null

),

-- A new chip within the hull of an AOI has no choice.
enclosed as (

    select distinct on (clustered.chip_key)
        clustered.chip_key,
        known.aoi_key
    from clustered
    inner join known on {{ shares_area("clustered.tile", "known.hull") }}
    where clustered.aoi_key is null
    order by clustered.chip_key, st_distance(clustered.tile, st_centroid(known.hull))

),

-- Another goes with the nearest known chip of its cluster.
neighbours as (

    select distinct on (clustered.chip_key)
        clustered.chip_key,
        known.aoi_key
    from clustered
    inner join known using (cluster_no)
    where clustered.aoi_key is null
    order by
        clustered.chip_key, st_3ddistance(clustered.place, known.place), known.chip_key

),

-- Clusters of new chips alone found AOIs.
proposed as (

    select
        clustered.chip_key,
        clustered.tile,
        clustered.aoi_key is null as is_new,
        coalesce(
            clustered.aoi_key,
            enclosed.aoi_key,
            neighbours.aoi_key,
            min(clustered.chip_key) filter (
                where clustered.aoi_key is null and enclosed.aoi_key is null
            ) over (partition by clustered.cluster_no)
        ) as aoi_key
    from clustered
    left join enclosed using (chip_key)
    left join neighbours using (chip_key)

),

hulls as (

    select
        aoi_key,
        st_convexhull(st_collect(tile)) as geom
    from proposed
    group by aoi_key

),

-- Where hulls would overlap, new chips found AOIs of their own: tiles never overlap.
final as (

    select
        chip_key,
        case
            when chip_key not in (select chip_key from enclosed) and aoi_key in (
                select hulls.aoi_key
                from hulls
                inner join hulls as others
                    on {{ shares_area("hulls.geom", "others.geom") }}
                where hulls.aoi_key <> others.aoi_key
            ) then chip_key
            else aoi_key
        end as aoi_key
    from proposed
    where is_new

)

select * from final
