with

latest_months as (

    select
        chip_key,
        max(time_key) as time_key
    from {{ ref("fact_chip_month") }}
    group by chip_key

),

occupied as (

    select
        chip_key,
        cell_no,
        cell_months.building_count,
        cell_months.built_area_m2
    from latest_months
    inner join {{ ref("fact_cell_month") }} as cell_months
        using (chip_key, time_key)

),

grown as (

    select
        chip_key,
        cell_no,
        sum(appeared) as appeared
    from {{ ref("fact_cell_month") }}
    where appeared > 0
    group by chip_key, cell_no

),

final as (

    select
        chip_key::bigint * 1024 + cell_no as cell_key,
        chip_key,
        cell_no,
        {{ month_start("latest_months.time_key") }} as month_start,
        coalesce(occupied.building_count, 0)::integer as building_count,
        coalesce(occupied.built_area_m2, 0)::real as built_area_m2,
        coalesce(grown.appeared, 0)::integer as appeared,
        st_tileenvelope(
            18,
            chip_key / 8192 * 32 + cell_no % 32,
            chip_key % 8192 * 32 + cell_no / 32
        )::geometry (polygon, 3857) as geom
    from occupied
    full outer join grown using (chip_key, cell_no)
    inner join latest_months using (chip_key)

)

select * from final
