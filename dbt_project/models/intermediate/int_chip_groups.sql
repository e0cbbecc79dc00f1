{{ config(full_refresh=var("renew_aois"), incremental_strategy="append") }}

with

new_and_known as (

    select
        chip_key,
        {{ "known.aoi_key" if is_incremental() else "null::integer" }} as aoi_key,
        {{ tile_of("chip_key") }} as tile,
        {{ place_on_globe(tile_of("chip_key")) }} as place
    from {{ ref("int_chips") }} as chips
    {% if is_incremental() -%}
        full outer join {{ this }} as known using (chip_key)
    {% endif -%}
    order by chip_key

),

clustered as (

    select
        chip_key,
        aoi_key,
        tile,
        place,
        st_clusterkmeans(
            place,
            least({{ var("aoi_count") }}, (select count(*) from new_and_known))::integer
        ) over () as cluster_no
    from new_and_known

),

known_hulls as (

    select
        aoi_key,
        st_convexhull(st_collect(tile)) as geom
    from clustered
    where aoi_key is not null
    group by aoi_key

),

-- A new chip within the hull of an AOI has no choice.
enclosed as (

    select distinct on (clustered.chip_key)
        clustered.chip_key,
        known_hulls.aoi_key
    from clustered
    inner join known_hulls on {{ shares_area("clustered.tile", "known_hulls.geom") }}
    where clustered.aoi_key is null
    order by
        clustered.chip_key asc,
        st_distance(clustered.tile, st_centroid(known_hulls.geom)) asc

),

-- Another goes with the nearest known chip of its cluster.
neighbours as (

    select distinct on (newcomers.chip_key)
        newcomers.chip_key,
        known.aoi_key
    from clustered as newcomers
    inner join clustered as known
        on newcomers.cluster_no = known.cluster_no and known.aoi_key is not null
    where newcomers.aoi_key is null
    order by
        newcomers.chip_key, st_3ddistance(newcomers.place, known.place), known.chip_key

),

-- Clusters of new chips alone found AOIs.
proposed as (

    select
        clustered.chip_key,
        clustered.tile,
        clustered.aoi_key is null as is_new,
        enclosed.aoi_key is not null as is_enclosed,
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

overlapping as (

    select distinct hulls.aoi_key
    from hulls
    inner join hulls as others
        on
            hulls.aoi_key <> others.aoi_key
            and {{ shares_area("hulls.geom", "others.geom") }}

),

-- Where hulls would overlap, new chips found AOIs of their own: tiles never overlap.
final as (

    select
        chip_key,
        case
            when not is_enclosed and aoi_key in (select aoi_key from overlapping)
                then chip_key
            else aoi_key
        end as aoi_key
    from proposed
    where is_new

)

select * from final
