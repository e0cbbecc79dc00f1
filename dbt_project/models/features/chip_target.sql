with

chip_months as {{ where_it_lies() }} (

    select
        chip_key,
        time_key,
        corrected_count,
        {{ month_number("time_key") }} as month_number
    from {{ ref("fact_chip_month") }}

),

horizons as (

    select horizon::smallint as horizon
    from (values (1), (3), (6), (12)) as list (horizon)

),

final as (

    select
        origins.chip_key,
        origins.time_key as as_of,
        horizons.horizon,
        futures.corrected_count - origins.corrected_count as net_change
    from chip_months as origins
    cross join horizons
    inner join chip_months as futures
        on
            origins.chip_key = futures.chip_key
            and futures.month_number = origins.month_number + horizons.horizon

)

select * from final
