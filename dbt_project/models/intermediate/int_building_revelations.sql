{{
    config(
        incremental_strategy="replace_tail",
        upstream="int_building_lives",
        unique_key=["chip_key", "building_id"],
        stale_rows="held.first_ordinal >= changed.first_ordinal",
        pre_hook="{{ forget_built_images() }}",
        post_hook="{{ record_built_images('int_building_lives') }}",
    )
}}

with

chip_months as not materialized (

    select
        chip_key,
        time_key,
        ordinal
    from {{ ref("int_chip_months") }}

),

unusable_areas as (

    select
        chip_months.chip_key,
        chip_months.ordinal,
        areas.geom
    from {{ ref("int_unusable_areas") }} as areas
    inner join chip_months using (chip_key, time_key)

),

changed_chips as materialized (

    select
        chip_key,
        first_ordinal
    from
        {{ changed_chips("int_building_revelations", "int_building_lives") }} as changed

),

-- A building that was hidden from the start needs a mask at the start.
newcomers as (

    select
        lives.chip_key,
        lives.building_id,
        lives.first_ordinal,
        st_centroid(footprints.geom) as place
    from {{ ref("int_building_lives") }} as lives
    inner join changed_chips
        on
            lives.chip_key = changed_chips.chip_key
            and lives.first_ordinal >= changed_chips.first_ordinal
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
        newcomers.first_ordinal
    from newcomers
    inner join unusable_areas
        on
            newcomers.chip_key = unusable_areas.chip_key
            and newcomers.first_ordinal > unusable_areas.ordinal
            and st_intersects(unusable_areas.geom, newcomers.place)
    group by newcomers.chip_key, newcomers.building_id, newcomers.first_ordinal
    having count(*) = newcomers.first_ordinal - 1

)

select * from final
