{{ config(materialized="incremental", full_refresh=var("renew_aois")) }}

with

known as (

    {% if starts_anew() -%}
        select
            null::integer as aoi_key,
            null::text as name
        where false
    {%- else -%}
        select
            aoi_key,
            name
        from {{ this }}
    {%- endif %}

),

founded as (

    select distinct aoi_key
    from {{ ref("int_chip_groups") }}
    where aoi_key not in (select aoi_key from known)

),

places as (

    select
        chip_key,
        town,
        state,
        country
    from {{ ref("stg_towns") }}

),

proposed as (

    select
        founded.aoi_key,
        coalesce(places.town || ', ' || places.country, 'AOI ' || founded.aoi_key)
            as short_name,
        coalesce(
            concat_ws(', ', places.town, places.state, places.country),
            'AOI ' || founded.aoi_key
        ) as long_name
    from founded
    left join places on founded.aoi_key = places.chip_key

),

counted as (

    select
        aoi_key,
        short_name,
        long_name,
        count(*) over (partition by short_name) as short_count,
        count(*) over (partition by long_name) as long_count
    from proposed

),

final as (

    select
        aoi_key,
        case
            when
                short_count = 1 and short_name not in (select name from known)
                then short_name
            when
                long_count = 1 and long_name not in (select name from known)
                then long_name
            else long_name || ' (' || aoi_key || ')'
        end as name
    from counted

)

select * from final
