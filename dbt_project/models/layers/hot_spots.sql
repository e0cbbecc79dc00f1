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

-- The last forecast, not the newest model: the champion of before may be back in use.
newest as (

    select
        chip_key,
        max(
            array[as_of, extract(epoch from written_at), model_version]
        ) as version
    from forecasts
    group by chip_key

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
    inner join newest using (chip_key)
    where
        as_of = newest.version[1]
        and model_version = newest.version[3]
    group by chip_key, cell_no, as_of, model_version

)

select * from final
