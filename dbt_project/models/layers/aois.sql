with

aois as (

    select
        aoi_key,
        name,
        chip_count,
        geom
    from {{ ref("dim_aoi") }}

),

latest_months as (

    select distinct on (chip_key)
        chip_key,
        aoi_key,
        corrected_count,
        built_area_m2
    from {{ ref("fact_chip_month") }}
    order by chip_key asc, time_key desc

),

totals as (

    select
        aoi_key,
        sum(corrected_count)::integer as corrected_count,
        sum({{ in_mm2("built_area_m2") }}) / 1e6::double precision as built_area_m2
    from latest_months
    group by aoi_key

),

final as (

    select
        aois.aoi_key,
        aois.name,
        aois.chip_count,
        totals.corrected_count,
        totals.built_area_m2,
        st_multi(aois.geom)::geometry (multipolygon, 3857) as geom
    from aois
    left join totals using (aoi_key)

)

select * from final
