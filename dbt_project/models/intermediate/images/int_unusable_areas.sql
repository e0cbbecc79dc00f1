with

areas as (

    select
        chip_key,
        time_key,
        area_no,
        geom
    from {{ ref("stg_unusable_areas") }}

),

-- Materialized: Citus keeps what merged them in one place, and joins it to no other.
chip_months as materialized (

    select
        chip_key,
        time_key,
        ordinal
    from {{ ref("int_chip_months") }}

),

merged as (

    select
        chip_key,
        time_key,
        st_union(geom order by area_no) as geom,
        {{ tile_of("chip_key") }} as tile
    from areas
    group by chip_key, time_key

),

final as (

    select
        chip_key,
        time_key,
        chip_months.ordinal,
        geom,
        greatest(1 - st_area(st_intersection(geom, tile)) / st_area(tile), 0)
            as usable_share
    from merged
    left join chip_months using (chip_key, time_key)

)

select * from final
