{{
    config(
        materialized="incremental",
        incremental_strategy="replace_changed",
        follows="fact_cell_month",
        reads_masks=true,
        post_hook="{{ record_built_images() }}",
    )
}}
{% set blocks = {"": 0, "_3x3": 1, "_5x5": 2} %}

with

changed_chips as (

    select chip_key
    from {{ changed_chips("cell_surroundings", "fact_cell_month", true) }} as chips

),

chip_months as (

    select
        chip_key,
        time_key,
        {{ month_number("time_key") }} as month_number,
        time_key = min(time_key) over (partition by chip_key) as is_first
    from {{ ref("fact_chip_month") }}
    inner join changed_chips using (chip_key)

),

cell_months as {{ where_it_lies() }} (

    select
        chip_key,
        chip_months.month_number,
        cells.cell_no,
        cells.appeared,
        cells.revealed,
        chip_months.is_first::integer * cells.building_count as initial_count
    from {{ ref("fact_cell_month") }} as cells
    inner join chip_months using (chip_key, time_key)
    where chip_months.is_first or cells.appeared > 0 or cells.revealed > 0

),

-- What a cell had at first is one row; buildings that came later have one each.
arrivals as (

    select
        chip_key,
        month_number,
        cell_no,
        initial_count,
        null::boolean as is_new,
        false as is_first_growth
    from cell_months
    where initial_count > 0
    {% for kind, is_new in [("appeared", "true"), ("revealed", "false")] -%}
        union all
        select
            chip_key,
            month_number,
            cell_no,
            0 as initial_count,
            {{ is_new }} as is_new,
            1 = row_number() over (
                partition by chip_key, cell_no order by month_number
            ) as is_first_growth
        from cell_months
        cross join generate_series(1, {{ kind }})
    {% endfor %}
),

-- What comes to a cell counts for those around it, too.
spread as (

    select
        arrivals.chip_key,
        arrivals.month_number,
        arrivals.initial_count,
        arrivals.is_new,
        arrivals.is_first_growth,
        arrivals.cell_no + rows_down.step * 32 + columns_right.step as cell_no,
        greatest(abs(rows_down.step), abs(columns_right.step)) as steps
    from arrivals
    cross join generate_series(-2, 2) as rows_down (step)
    cross join generate_series(-2, 2) as columns_right (step)
    where
        arrivals.cell_no / 32 + rows_down.step between 0 and 31
        and arrivals.cell_no % 32 + columns_right.step between 0 and 31
    -- for array_agg: in an order of its own it would sort each array, at twice the cost
    order by arrivals.chip_key, cell_no, arrivals.month_number

),

final as (

    select
        chip_key,
        cell_no::smallint as cell_no,
        {% for block, reach in blocks.items() -%}
            coalesce(
                sum(initial_count) filter (where steps <= {{ reach }}), 0
            )::integer as initial_count{{ block }},
            array_agg(month_number) filter (where is_new and steps <= {{ reach }})
                as appeared_months{{ block }},
            array_agg(month_number) filter (where not is_new and steps <= {{ reach }})
                as revealed_months{{ block }},
        {% endfor -%}
        array_agg(month_number) filter (
            where is_new and is_first_growth and steps <= 1
        ) as first_growth_months_3x3
    from spread
    group by chip_key, cell_no

)

select * from final
