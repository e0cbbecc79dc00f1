{{ config(materialized="incremental", full_refresh=var("renew_aois")) }}
{% set centre = "st_centroid(" ~ tile_of("chip_key") ~ ")" %}
with

chips as (

    select
        chip_key,
        {{ "null::integer as aoi_key" if starts_anew() else "known.aoi_key" }},
        {{ tile_of("chip_key") }} as tile,
        st_transform( -- on the globe, where distances are those of the ground
            st_setsrid(st_force3d(st_transform({{ centre }}, 4326)), 4979), 4978
        ) as place
    from {{ ref("int_chips") }}
    {% if not starts_anew() %}full join {{ this }} as known using (chip_key){% endif %}
    order by chip_key

),

-- What lies together across the antimeridian lies at both ends of the map: two groups.
clustered as (

    select
        *,
        globe_no * 2 + (
            chip_key / 8192 >= 4096
            and max(chip_key / 8192) over same - min(chip_key / 8192) over same >= 4096
        )::integer as cluster_no
    from (
        select
            *,
            st_clusterkmeans(
                place, least({{ var("aoi_count") }}, (select count(*) from chips))::int
            ) over () as globe_no
        from chips
    ) as on_the_globe
    window same as (partition by globe_no)

),

known as (

    select
        *,
        st_convexhull(st_collect(tile) over (partition by aoi_key)) as hull
    from clustered
    where aoi_key is not null

),

-- A new chip in an AOI's hull has no choice; others go with their cluster's nearest.
followers as (

    select distinct on (clustered.chip_key)
        clustered.chip_key,
        known.aoi_key,
        {{ shares_area("clustered.tile", "known.hull") }} = false as is_outside
    from clustered
    inner join known
        on
            clustered.cluster_no = known.cluster_no
            or {{ shares_area("clustered.tile", "known.hull") }}
    where clustered.aoi_key is null
    order by
        clustered.chip_key,
        is_outside,
        st_3ddistance(clustered.place, known.place),
        known.chip_key

),

-- Clusters of new chips alone found AOIs.
proposed as (

    select
        clustered.chip_key,
        clustered.tile,
        clustered.aoi_key is null as is_new,
        coalesce(followers.is_outside, true) as is_outside,
        coalesce(
            clustered.aoi_key, followers.aoi_key,
            min(clustered.chip_key) filter (
                where clustered.aoi_key is null and followers.aoi_key is null
            ) over (partition by clustered.cluster_no)
        ) as aoi_key
    from clustered
    left join followers using (chip_key)

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
            when is_outside and aoi_key in (
                select hulls.aoi_key
                from hulls
                inner join hulls as others on hulls.aoi_key <> others.aoi_key
                where {{ shares_area("hulls.geom", "others.geom") }}
            ) then chip_key
            else aoi_key
        end as aoi_key
    from proposed
    where is_new

)

select * from final
