{%- set upstream = ["int_building_absences", "int_building_revelations"] -%}
{{
    config(
        scope="changed_buildings",
        fillfactor=50,
        pre_hook=[
            "{{ forget_built_images() }}",
            "{{ keep_changed('changed_buildings', buildings_with_other_ends(" ~ upstream ~ ")) }}",
        ],
        post_hook=[
            "{{ lengthen_lives(" ~ upstream ~ ") }}",
            "{{ record_built_images(" ~ upstream ~ ") }}",
        ],
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

latest_months as (

    select
        chip_key,
        max(ordinal) as latest_ordinal
    from chip_months
    group by chip_key

),

-- One without a life, which is gone, falls out where its months are looked up.
lives as not materialized (

    select
        chip_key,
        lives.building_id,
        lives.first_ordinal,
        coalesce(lives.last_ordinal, latest_months.latest_ordinal) as last_ordinal,
        lives.months_missed,
        lives.footprint_no,
        lives.has_changed
    {% if is_incremental() -%}
        from changed_buildings as lives
    {%- else -%}
        from {{ ref("int_building_lives") }} as lives
    {%- endif %}
    inner join latest_months using (chip_key)

),

revelations as (

    select
        chip_key,
        building_id,
        first_ordinal
    from {{ ref("int_building_revelations") }}

),

last_absences as (

    select
        chip_key,
        building_id,
        first_ordinal,
        kind
    from {{ ref("int_building_absences") }}
    where kind in ('demolished', 'open')

),

-- Few have more than one.
footprints as (

    select
        chip_key,
        building_id,
        count(distinct spells.footprint_no) as footprint_count
    from {{ ref("int_footprint_spells") }} as spells
    inner join lives using (chip_key, building_id)
    where lives.has_changed
    group by chip_key, building_id

),

final as (

    select
        lives.chip_key,
        lives.building_id,
        first_months.time_key as first_seen,
        last_months.time_key as last_seen,
        case
            when last_absences.kind = 'demolished' then missed_months.time_key
        end as demolished_in,
        lives.footprint_no,
        coalesce(footprints.footprint_count, 1)::smallint as footprint_count,
        (
            lives.last_ordinal - lives.first_ordinal + 1 - lives.months_missed
        )::smallint as months_observed,
        lives.months_missed as months_occluded,
        coalesce(revelations.first_ordinal - 1, 0)::smallint as months_hidden_before,
        coalesce(last_absences.kind, 'standing') as state
    from lives
    left join footprints
        on
            lives.chip_key = footprints.chip_key
            and lives.building_id = footprints.building_id
    inner join chip_months as first_months
        on
            lives.chip_key = first_months.chip_key
            and lives.first_ordinal = first_months.ordinal
    inner join chip_months as last_months
        on
            lives.chip_key = last_months.chip_key
            and lives.last_ordinal = last_months.ordinal
    left join revelations
        on
            lives.chip_key = revelations.chip_key
            and lives.building_id = revelations.building_id
    left join last_absences
        on
            lives.chip_key = last_absences.chip_key
            and lives.building_id = last_absences.building_id
    left join chip_months as missed_months
        on
            last_absences.chip_key = missed_months.chip_key
            and last_absences.first_ordinal = missed_months.ordinal

)

select * from final
