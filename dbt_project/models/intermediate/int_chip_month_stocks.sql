{{
    config(
        incremental_strategy="replace_tail",
        upstream="fact_cell_month",
        unique_key=["chip_key", "time_key"],
        stale_rows="held.time_key >= changed.first_time_key",
        pre_hook="{{ forget_built_images() }}",
        post_hook="{{ record_built_images('fact_cell_month') }}",
    )
}}

with

cell_months as (

    select
        chip_key,
        cell_months.time_key,
        cell_months.building_count,
        cell_months.built_area_m2
    from {{ ref("fact_cell_month") }} as cell_months
    inner join
        {{ changed_chips("int_chip_month_stocks", "fact_cell_month") }} as changed
        using (chip_key)
    where
        cell_months.time_key >= changed.first_time_key
        and cell_months.time_key
        >= {{ first_changed_month("int_chip_month_stocks", "fact_cell_month") }}

),

final as (

    select
        chip_key,
        time_key,
        count(*)::integer as occupied_cells,
        sum(building_count)::integer as building_count,
        sum({{ in_mm2("built_area_m2") }}) / 1e6::double precision as built_area_m2
    from cell_months
    group by chip_key, time_key

)

select * from final
