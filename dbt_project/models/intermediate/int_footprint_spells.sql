{{
    config(
        incremental_strategy="replace_groups",
        unique_key=["chip_key", "building_id", "footprint_no"],
        presence="first_ordinal",
        indexes=[{"columns": ["chip_key", "building_id", "footprint_no"]}],
        pre_hook="{{ forget_built_images() }}",
        post_hook="{{ record_built_images() }}",
    )
}}

with

spells as (

    {% if is_incremental() -%}
        {{ spells_of_changed_polygons() }}
    {%- else -%}
        {{ spells_of_all_polygons() }}
    {%- endif %}

),

latest_months as (

    select
        chip_key,
        max(ordinal) as latest_ordinal
    from {{ ref("int_chip_months") }}
    group by chip_key

),

final as (

    select
        chip_key,
        spells.building_id,
        spells.footprint_no,
        spells.first_ordinal::smallint as first_ordinal,
        nullif(spells.last_ordinal, latest_months.latest_ordinal)::smallint
            as last_ordinal
    from spells
    left join latest_months using (chip_key)

)

select * from final
