-- depends_on: {{ ref("cell_month") }}

with

forecasts as (

    select
        chip_key,
        cell_no,
        as_of,
        model_version,
        horizon,
        probability,
        written_at
    from {{ cell_forecasts() }} as forecasts

),

written as (

    select
        chip_key,
        as_of,
        model_version,
        max(written_at) as written_at
    from forecasts
    group by chip_key, as_of, model_version

),

-- The newest forecast, not the newest model: the champion of before may be back in use.
newest as (

    select distinct on (chip_key)
        chip_key,
        as_of,
        model_version
    from written
    order by chip_key asc, as_of desc, written_at desc, model_version desc

),

final as (

    select
        chip_key::bigint * 1024 + cell_no as cell_key,
        chip_key,
        cell_no,
        {{ month_start("as_of") }} as month_start,
        model_version,
        max(probability) filter (where horizon = 6) as probability_6,
        max(probability) filter (where horizon = 12) as probability_12,
        st_tileenvelope(
            18,
            chip_key / 8192 * 32 + cell_no % 32,
            chip_key % 8192 * 32 + cell_no / 32
        )::geometry (polygon, 3857) as geom
    from forecasts
    inner join newest using (chip_key, as_of, model_version)
    group by chip_key, cell_no, as_of, model_version

)

select * from final
