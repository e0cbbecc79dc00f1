with

cell_months as (

    select
        chip_key,
        time_key,
        cell_no,
        building_count,
        appeared,
        built_area_m2
    from {{ ref("fact_cell_month") }}

),

latest_months as (

    select
        chip_key,
        max(time_key) as time_key
    from {{ ref("fact_chip_month") }}
    group by chip_key

),

cells as (

    select
        cell_months.chip_key,
        cell_months.cell_no,
        latest_months.time_key,
        max(cell_months.building_count) filter (
            where cell_months.time_key = latest_months.time_key
        ) as building_count,
        max(cell_months.built_area_m2) filter (
            where cell_months.time_key = latest_months.time_key
        ) as built_area_m2,
        sum(cell_months.appeared) as appeared
    from cell_months
    inner join latest_months using (chip_key)
    group by cell_months.chip_key, cell_months.cell_no, latest_months.time_key

),

final as (

    select
        chip_key::bigint * 1024 + cell_no as cell_key,
        chip_key,
        cell_no,
        {{ month_start("time_key") }} as month_start,
        coalesce(building_count, 0)::integer as building_count,
        coalesce(built_area_m2, 0)::real as built_area_m2,
        appeared::integer as appeared,
        {{ box_of_cell("chip_key", "cell_no") }}::geometry(polygon, 3857) as geom
    from cells

)

select * from final
