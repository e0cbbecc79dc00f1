{{
    config(
        unique_key=["chip_key", "building_id"],
        scope="changed_buildings",
        indexes=[{"columns": ["chip_key", "building_id"], "unique": true}],
        pre_hook=[
            "{{ forget_built_images() }}",
            "{{ keep_changed('changed_buildings', buildings_with_other_spells()) }}",
            "{{ plan_for_lookups() }}",
        ],
        post_hook="{{ record_built_images('int_footprint_spells') }}",
    )
}}

with

latest_months as (

    select
        chip_key,
        max(ordinal) as latest_ordinal
    from {{ ref("int_chip_months") }}
    group by chip_key

),

spells as (

    select
        spells.chip_key,
        spells.building_id,
        spells.footprint_no,
        spells.first_ordinal,
        spells.last_ordinal,
        coalesce(spells.last_ordinal, latest_months.latest_ordinal) as latest_ordinal
    from {{ ref("int_footprint_spells") }} as spells
    inner join latest_months using (chip_key)
    {% if is_incremental() -%}
        inner join changed_buildings using (chip_key, building_id)
    {%- endif %}

),

final as (

    select
        chip_key,
        building_id,
        min(first_ordinal) as first_ordinal,
        nullif(max(coalesce(last_ordinal, 32767)), 32767)::smallint as last_ordinal,
        max(first_ordinal) as latest_spell_ordinal,
        (
            max(latest_ordinal) - min(first_ordinal) + 1
            - sum(latest_ordinal - first_ordinal + 1)
        )::smallint as months_missed,
        -- polygons of the last and the first spell: their numbers ride on the ordinals
        (max(first_ordinal * 32768 + footprint_no) % 32768)::smallint as footprint_no,
        (min(first_ordinal * 32768 + footprint_no) % 32768)::smallint
            as first_footprint_no,
        min(footprint_no) < max(footprint_no) as has_changed
    from spells
    group by chip_key, building_id

)

select * from final
