with

observed_months as (

    select
        chip_key,
        time_key,
        ordinal,
        {{ months_since_first("time_key", "ordinal") }} as place
    from {{ ref("int_chip_months") }}

),

-- Few sets of months are shared by many footprints.
month_sets as (

    select distinct
        chip_key,
        seen
    from {{ ref("int_footprint_histories") }}

),

masks as (

    select
        month_sets.chip_key,
        month_sets.seen,
        {{ month_bits("observed_months.place") }}
    from month_sets
    inner join observed_months
        on
            month_sets.chip_key = observed_months.chip_key
            and month_sets.seen @> observed_months.ordinal::integer
    group by month_sets.chip_key, month_sets.seen

),

first_months as (

    select
        chip_key,
        time_key
    from observed_months
    where ordinal = 1

),

final as (

    select
        histories.chip_key,
        histories.building_id,
        histories.footprint_no,
        masks.months_0,
        masks.months_1,
        masks.months_2,
        masks.months_3,
        lives.state,
        case
            when
                lives.months_hidden_before = 0
                and lives.first_seen > first_months.time_key
                then lives.first_seen
        end as appeared
    from {{ ref("int_footprint_histories") }} as histories
    inner join masks using (chip_key, seen)
    inner join first_months using (chip_key)
    inner join {{ ref("dim_building") }} as lives using (chip_key, building_id)

)

select * from final
