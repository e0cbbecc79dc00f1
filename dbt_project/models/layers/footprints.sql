with

footprints as (

    select
        chip_key,
        building_id,
        footprint_no,
        area_m2,
        geom
    from {{ ref("dim_footprint") }}

),

buildings as (

    select
        chip_key,
        building_id,
        state,
        first_seen,
        last_seen,
        demolished_in,
        months_observed
    from {{ ref("dim_building") }}

),

final as (

    select
        -- 26 bits for the chip, 31 for the building, 6 for its polygon
        (footprints.chip_key::bigint * 2147483648 + footprints.building_id) * 64
        + footprints.footprint_no as footprint_key,
        footprints.chip_key,
        footprints.building_id,
        footprints.footprint_no,
        buildings.state,
        {{ month_start("buildings.first_seen") }} as first_seen,
        {{ month_start("buildings.last_seen") }} as last_seen,
        {{ month_start("buildings.demolished_in") }} as demolished_in,
        buildings.months_observed,
        footprints.area_m2,
        footprints.geom::geometry (polygon, 3857) as geom
    from footprints
    inner join buildings using (chip_key, building_id)

)

select * from final
