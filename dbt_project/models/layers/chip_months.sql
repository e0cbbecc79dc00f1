with

chips as (

    select
        chip_key,
        chip_id,
        geom
    from {{ ref("dim_chip") }}

),

chip_months as (

    select
        chip_key,
        time_key,
        building_count,
        corrected_count,
        built_area_m2,
        appeared,
        demolished,
        occluded,
        usable_share
    from {{ ref("fact_chip_month") }}

),

final as (

    select
        chip_months.chip_key::bigint * 1000000 + chip_months.time_key as chip_month_key,
        chip_months.chip_key,
        chip_months.time_key,
        {{ month_start("chip_months.time_key") }} as month_start,
        chips.chip_id,
        chip_months.building_count,
        chip_months.corrected_count,
        chip_months.built_area_m2,
        chip_months.appeared,
        chip_months.demolished,
        chip_months.occluded,
        chip_months.usable_share,
        chips.geom::geometry (polygon, 3857) as geom
    from chip_months
    inner join chips using (chip_key)

)

select * from final
