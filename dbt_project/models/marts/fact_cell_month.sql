{{
    config(
        incremental_strategy="replace_tail",
        upstream="int_building_lives",
        stale_rows="held.time_key >= changed.first_time_key",
        pre_hook="{{ forget_built_images() }}",
        post_hook="{{ record_built_images('int_building_lives') }}",
    )
}}

with

changed_chips as materialized (

    select
        chip_key,
        first_ordinal
    from {{ changed_chips("fact_cell_month", "int_building_lives") }} as changed

),

chip_months as not materialized (

    select
        chip_key,
        time_key,
        ordinal
    from {{ ref("int_chip_months") }}

),

final_ordinals as (

    select
        chip_key,
        max(ordinal) as final_ordinal
    from chip_months
    group by chip_key

),

-- Where a polygon comes and goes, and where its building comes for the first time.
events as (

    select
        spells.chip_key,
        spells.building_id,
        spells.footprint_no,
        list.ordinal,
        list.buildings,
        0 as appeared
    from {{ ref("int_footprint_spells") }} as spells
    inner join changed_chips
        on
            spells.chip_key = changed_chips.chip_key
            and {{ ends_since_change("spells") }}
    cross join
        lateral (
            values (spells.first_ordinal, 1), (spells.last_ordinal + 1, -1)
        ) as list (ordinal, buildings)
    where list.ordinal >= changed_chips.first_ordinal
    union all
    select
        lives.chip_key,
        lives.building_id,
        lives.first_footprint_no as footprint_no,
        lives.first_ordinal as ordinal,
        0 as buildings,
        1 as appeared
    from {{ ref("int_building_lives") }} as lives
    inner join changed_chips
        on
            lives.chip_key = changed_chips.chip_key
            and lives.first_ordinal >= greatest(changed_chips.first_ordinal, 2)
    where lives.first_ordinal >= (select min(first_ordinal) from changed_chips)

),

changes as (

    select
        events.chip_key,
        footprints.cell_no,
        events.ordinal,
        events.buildings,
        -- whole mm2 add up to the same in any order
        events.buildings * {{ in_mm2("footprints.area_m2") }} as area_mm2,
        events.appeared
    from events
    inner join {{ ref("int_footprints") }} as footprints
        using (chip_key, building_id, footprint_no)
    {% if is_incremental() -%}
        union all
        -- what the cell held in the month before
        select
            held.chip_key,
            held.cell_no,
            changed_chips.first_ordinal as ordinal,
            held.building_count as buildings,
            {{ in_mm2("held.built_area_m2") }} as area_mm2,
            0 as appeared
        from {{ this }} as held
        inner join chip_months using (chip_key, time_key)
        inner join changed_chips
            on
                chip_months.chip_key = changed_chips.chip_key
                and chip_months.ordinal = changed_chips.first_ordinal - 1
    {%- endif %}

),

net_changes as (

    select
        chip_key,
        cell_no,
        ordinal,
        sum(buildings) as buildings,
        sum(area_mm2) as area_mm2,
        sum(appeared) as appeared
    from changes
    group by chip_key, cell_no, ordinal

),

-- What the cell holds until it changes again.
states as (

    select
        chip_key,
        cell_no,
        ordinal,
        lead(ordinal, 1, final_ordinals.final_ordinal + 1) over so_far as next_ordinal,
        sum(buildings) over so_far as building_count,
        sum(area_mm2) over so_far as area_mm2,
        appeared
    from net_changes
    inner join final_ordinals using (chip_key)
    window so_far as (partition by chip_key, cell_no order by ordinal)

),

months as (

    select
        chip_key,
        cell_no,
        generate_series(ordinal, next_ordinal - 1) as ordinal,
        ordinal as first_ordinal,
        building_count,
        area_mm2,
        appeared
    from states
    where building_count > 0

),

final as (

    select
        months.chip_key,
        chip_months.time_key,
        months.area_mm2 / 1e6::double precision as built_area_m2,
        months.cell_no,
        months.building_count::smallint as building_count,
        case
            when months.ordinal = months.first_ordinal then months.appeared
            else 0
        end::smallint as appeared
    from months
    inner join chip_months
        on
            months.chip_key = chip_months.chip_key
            and months.ordinal = chip_months.ordinal

)

select * from final
