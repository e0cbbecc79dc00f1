{{
    config(
        incremental_strategy="replace_tail",
        upstream="int_building_lives",
        unique_key=["chip_key", "building_id", "first_ordinal"],
        stale_rows="changed.first_ordinal <= coalesce(held.last_ordinal + 1, 32767)",
        pre_hook=[
            "{{ forget_built_images() }}",
            "{{ keep_changed('changed_spells', spells_of_missing_buildings()) }}",
        ],
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

final_months as (

    select
        chip_key,
        max(ordinal) as ordinal
    from chip_months
    group by chip_key

),

-- Of buildings that were ever missing; most never were.
interrupted_spells as not materialized (

    {% if is_incremental() -%}
        select
            chip_key,
            building_id,
            footprint_no,
            first_ordinal,
            last_ordinal,
            changed_ordinal
        from changed_spells
    {%- else -%}
        select
            chip_key,
            building_id,
            spells.footprint_no,
            spells.first_ordinal,
            spells.last_ordinal,
            1 as changed_ordinal
        from {{ ref("int_footprint_spells") }} as spells
        inner join {{ ref("int_building_lives") }} as lives
            using (chip_key, building_id)
        where lives.last_ordinal is not null or lives.months_missed > 0
    {%- endif %}

),

spells as (

    select
        chip_key,
        building_id,
        footprint_no,
        last_ordinal,
        changed_ordinal,
        lead(first_ordinal) over (
            partition by chip_key, building_id order by first_ordinal
        ) as next_ordinal
    from interrupted_spells

),

footprints as (

    select
        chip_key,
        building_id,
        footprint_no,
        geom
    from {{ ref("int_footprints") }}

),

unusable_areas as (

    select
        chip_months.chip_key,
        chip_months.ordinal,
        areas.geom
    from {{ ref("int_unusable_areas") }} as areas
    inner join chip_months using (chip_key, time_key)

),

absences as (

    select
        spells.chip_key,
        spells.building_id,
        spells.footprint_no,
        spells.last_ordinal + 1 as first_ordinal,
        coalesce(spells.next_ordinal - 1, final_months.ordinal) as last_ordinal,
        spells.next_ordinal is not null as has_returned
    from spells
    inner join final_months using (chip_key)
    where
        (
            spells.last_ordinal + 1 < spells.next_ordinal
            and spells.next_ordinal >= spells.changed_ordinal
        )
        or (spells.next_ordinal is null and spells.last_ordinal is not null)

),

hidden_months as (

    select
        absences.chip_key,
        absences.building_id,
        absences.first_ordinal,
        -- months of the absence before this one that were clear
        unusable_areas.ordinal - absences.first_ordinal + 1 - row_number() over (
            partition by
                absences.chip_key, absences.building_id, absences.first_ordinal
            order by unusable_areas.ordinal
        ) as clear_months_before
    from absences
    inner join footprints using (chip_key, building_id, footprint_no)
    inner join unusable_areas
        on
            absences.chip_key = unusable_areas.chip_key
            and absences.first_ordinal <= unusable_areas.ordinal
            and absences.last_ordinal >= unusable_areas.ordinal
            and st_intersects(unusable_areas.geom, st_centroid(footprints.geom))

),

-- A hidden month puts the proof off by one, unless the proof came before it.
hidden as (

    select
        chip_key,
        building_id,
        first_ordinal,
        count(*) as hidden_count,
        count(*) filter (
            where clear_months_before < {{ var("demolition_months") }}
        ) as delay
    from hidden_months
    group by chip_key, building_id, first_ordinal

),

proven as (

    select
        absences.chip_key,
        absences.building_id,
        absences.first_ordinal,
        absences.last_ordinal,
        absences.has_returned,
        coalesce(hidden.hidden_count, 0) as hidden_count,
        absences.first_ordinal - 1 + {{ var("demolition_months") }}
        + coalesce(hidden.delay, 0) as proof_ordinal
    from absences
    left join hidden using (chip_key, building_id, first_ordinal)

),

final as (

    select
        chip_key,
        building_id,
        first_ordinal::smallint as first_ordinal,
        case when has_returned then last_ordinal::smallint end as last_ordinal,
        hidden_count::smallint as hidden_count,
        case
            when proof_ordinal <= last_ordinal then proof_ordinal::smallint
        end as proof_ordinal,
        case
            when has_returned then 'occluded'
            when proof_ordinal <= last_ordinal then 'demolished'
            else 'open'
        end as kind
    from proven

)

select * from final
