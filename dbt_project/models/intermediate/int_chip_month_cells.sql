with

cell_months as (

    select
        chip_key,
        time_key
    from {{ ref("fact_cell_month") }}

),

final as (

    select
        chip_key,
        time_key,
        count(*)::integer as occupied_cells
    from cell_months
    group by chip_key, time_key

)

select * from final
