with

images as (

    select time_key from {{ ref("stg_images") }}

),

bounds as (

    select
        min({{ month_number("time_key") }}) as first_month,
        max({{ month_number("time_key") }}) as last_month
    from images

),

months as (

    select generate_series(first_month, last_month) as month_number from bounds

),

final as (

    select
        month_number / 12 * 100 + month_number % 12 + 1 as time_key,
        (month_number / 12)::smallint as year,
        (month_number % 12 + 1)::smallint as month,
        make_date(month_number / 12, month_number % 12 + 1, 1) as month_start
    from months

)

select * from final
