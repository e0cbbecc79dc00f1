{{ config(meta={"dagster": {"ref": {"name": "dim_footprint"}}}) }}

-- area_m2 is the area on the WGS 84 ellipsoid, by a formula; `geography` computes it
-- slowly. A row is a polygon, of 20 a chip, where they differ. Edges are straight on
-- the map while `geography` joins corners by geodesics, which is 6e-6 of the area on
-- real halls 450 m long: hence points every 20 m. Tolerance: 1e-6 of the area (the
-- formula is within 3e-7), and 0.0002 m2, which is what `geography` wavers by.
with

samples as (

    select
        chip_key,
        building_id,
        footprint_no,
        area_m2,
        geom
    from {{ ref("dim_footprint") }}
    where building_id < 20

),

measured as (

    select
        chip_key,
        building_id,
        footprint_no,
        area_m2,
        st_area(st_transform(st_segmentize(geom, 20), 4326)::geography)
            as geography_m2
    from samples

)

select * from measured
where abs(area_m2 - geography_m2) > 1e-6 * geography_m2 + 2e-4
