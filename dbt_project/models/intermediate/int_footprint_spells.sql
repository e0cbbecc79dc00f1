with

observations as (

    select
        chip_key,
        time_key,
        building_id,
        footprint_no
    from {{ ref("stg_observations") }}

),

chip_months as (

    select
        chip_key,
        time_key,
        ordinal
    from {{ ref("int_chip_months") }}

),

numbered as (

    select
        observations.chip_key,
        observations.building_id,
        observations.footprint_no,
        chip_months.ordinal,
        chip_months.ordinal - row_number() over (
            partition by
                observations.chip_key,
                observations.building_id,
                observations.footprint_no
            order by chip_months.ordinal
        ) as spell
    from observations
    inner join chip_months using (chip_key, time_key)

),

final as (

    select
        chip_key,
        building_id,
        footprint_no,
        min(ordinal) as first_ordinal,
        max(ordinal) as last_ordinal
    from numbered
    group by chip_key, building_id, footprint_no, spell

)

select * from final
