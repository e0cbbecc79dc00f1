{#- Raise it when what a tile holds changes: then all are drawn anew. -#}
{% set form = 1 %}

with

chip_months as (

    select * from {{ ref("chip_observed_months") }}

),

buildings as (

    select * from {{ ref("footprint_months") }}

),

digests as (

    select
        chip_key,
        md5(
            {{ form }} || min(chip_months::text)
            || sum(hashtextextended(buildings::text, 0))
        ) as content_digest
    from buildings
    inner join chip_months using (chip_key)
    group by chip_key

),

held as (

    {% if starts_anew() %}
        select
            null::integer as chip_key,
            null as content_digest,
            null as etag,
            null::bytea as mvt
        where false
    {% else %}
        select * from {{ this }}
    {% endif %}

),

changed as (

    select
        chip_key,
        chips.geom::box2d as bounds,
        st_centroid(chips.geom) as centre
    from digests
    inner join {{ ref("dim_chip") }} as chips using (chip_key)
    left join held using (chip_key)
    where (digests.content_digest = held.content_digest) is not true

),

building_layers as (

    select
        chip_key,
        st_asmvt(shapes.*, 'buildings', 4096, 'geom', 'building_id') as mvt
    from changed
    inner join buildings using (chip_key)
    inner join {{ ref("dim_footprint") }} as footprints
        using (chip_key, building_id, footprint_no)
    cross join
        lateral ( -- noqa: ST05
            select
                buildings.building_id,
                buildings.months_0,
                buildings.months_1,
                buildings.months_2,
                buildings.months_3,
                buildings.appeared,
                buildings.state,
                round(footprints.area_m2)::integer as area_m2,
                st_asmvtgeom(footprints.geom, changed.bounds, 4096, 64, true) as geom
        ) as shapes
    group by chip_key

),

chip_layers as (

    select
        changed.chip_key,
        st_asmvt(shapes.*, 'chip', 4096, 'geom') as mvt
    from changed
    inner join chip_months using (chip_key)
    cross join
        lateral ( -- noqa: ST05
            select
                chip_months.*,
                st_asmvtgeom(changed.centre, changed.bounds, 4096, 64, true) as geom
        ) as shapes
    group by changed.chip_key

),

final as (

    select
        digests.chip_key,
        digests.content_digest,
        coalesce(md5(building_layers.mvt || chip_layers.mvt), held.etag) as etag,
        coalesce(building_layers.mvt || chip_layers.mvt, held.mvt) as mvt
    from digests
    left join building_layers using (chip_key)
    left join chip_layers using (chip_key)
    left join held using (chip_key)

)

select * from final
