with

chip_months as {{ where_it_lies() }} (

    select
        chip_key,
        time_key,
        corrected_count,
        corrected_area_m2,
        {{ month_number("time_key") }} as month_number
    from {{ ref("fact_chip_month") }}

),

horizons as (

    select unnest(array{{ var("horizons") }})::smallint as horizon

),

final as (

    select
        origins.chip_key,
        origins.time_key as as_of,
        horizons.horizon,
        futures.corrected_count - origins.corrected_count as net_change,
        futures.corrected_area_m2 - origins.corrected_area_m2 as net_area_change
    from chip_months as origins
    cross join horizons
    inner join chip_months as futures
        on
            origins.chip_key = futures.chip_key
            and futures.month_number = origins.month_number + horizons.horizon

)

select * from final
