with

unusable_areas as {{ where_it_lies() }} (

    select
        chip_key,
        ordinal,
        geom
    from {{ ref("int_unusable_areas") }}

),

-- A building that was hidden from the start needs a mask at the start.
newcomers as (

    select
        lives.chip_key,
        lives.building_id,
        lives.first_ordinal,
        {{ in_mm2("footprints.area_m2") }} as area_mm2,
        st_centroid(footprints.geom) as place
    from {{ ref("int_building_lives") }} as lives
    inner join unusable_areas
        on
            lives.chip_key = unusable_areas.chip_key
            and lives.first_ordinal > 1
            and unusable_areas.ordinal = 1
    inner join {{ ref("int_footprints") }} as footprints
        on
            lives.chip_key = footprints.chip_key
            and lives.building_id = footprints.building_id
            and lives.first_footprint_no = footprints.footprint_no

),

final as (

    select
        newcomers.chip_key,
        newcomers.building_id,
        newcomers.first_ordinal,
        newcomers.area_mm2
    from newcomers
    inner join unusable_areas
        on
            newcomers.chip_key = unusable_areas.chip_key
            and newcomers.first_ordinal > unusable_areas.ordinal
            and st_intersects(unusable_areas.geom, newcomers.place)
    group by
        newcomers.chip_key,
        newcomers.building_id,
        newcomers.first_ordinal,
        newcomers.area_mm2
    having count(*) = newcomers.first_ordinal - 1

)

select * from final
