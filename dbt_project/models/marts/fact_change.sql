with

scored_chips as (

    select
        tracker,
        chip_key
    from {{ ref("int_scored_chips") }}

),

changes as (

    select
        tracker,
        chip_key,
        building_id,
        time_key,
        predicted_id,
        told_key,
        months_late
    from {{ ref("stg_told_changes") }}

),

final as (

    select
        tracker,
        chip_key,
        changes.building_id,
        changes.time_key,
        changes.predicted_id,
        changes.told_key,
        changes.months_late
    from scored_chips
    inner join changes using (tracker, chip_key)

)

select * from final
