with

observed_months as (

    select
        chip_key,
        min(time_key) over (partition by chip_key) as first_month,
        {{ months_since_first("time_key", "ordinal") }} as place
    from {{ ref("int_chip_months") }}

),

final as (

    select
        chip_key,
        first_month,
        {{ month_bits("place") }}
    from observed_months
    group by chip_key, first_month

)

select * from final
