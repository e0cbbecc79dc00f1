with

footprint_spells as (

    select
        chip_key,
        building_id,
        first_ordinal,
        last_ordinal,
        coalesce(
            first_ordinal > 1 + lag(last_ordinal) over (
                partition by chip_key, building_id order by first_ordinal
            ),
            true
        ) as is_start
    from {{ ref("int_footprint_spells") }}

),

numbered as (

    select
        chip_key,
        building_id,
        first_ordinal,
        last_ordinal,
        count(*) filter (where is_start) over (
            partition by chip_key, building_id order by first_ordinal
        ) as spell_no
    from footprint_spells

),

merged as (

    select
        chip_key,
        building_id,
        spell_no,
        min(first_ordinal) as first_ordinal,
        max(last_ordinal) as last_ordinal
    from numbered
    group by chip_key, building_id, spell_no

),

final as (

    select
        chip_key,
        building_id,
        spell_no::smallint as spell_no,
        first_ordinal,
        last_ordinal,
        lead(first_ordinal) over (
            partition by chip_key, building_id order by spell_no
        ) as next_ordinal
    from merged

)

select * from final
