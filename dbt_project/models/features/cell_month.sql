{{
    config(
        materialized="incremental",
        incremental_strategy="replace_changed",
        follows="cell_surroundings",
        reads_masks=true,
        post_hook="{{ record_built_images() }}",
    )
}}

with

changed_chips as materialized (

    select
        chip_key,
        first_time_key
    from {{ changed_chips("cell_month", "cell_surroundings", true) }} as chips

),

chip_months as (

    select
        chip_key,
        time_key,
        usable_share,
        occupied_cells,
        building_count + presumed as known_count,
        {{ month_number("time_key") }} as month_number,
        {{ month_number("time_key") }} - min({{ month_number("time_key") }}) over so_far
            as months_since_first,
        sum(appeared) over so_far as appeared,
        sum(appeared) over (
            partition by chip_key
            order by {{ month_number("time_key") }}
            range between 11 preceding and current row
        ) as appeared_12
    from {{ ref("fact_chip_month") }}
    window so_far as (partition by chip_key order by time_key)

),

-- Cells that had a building, or had one within two cells, by then.
cells as (

    select
        chip_months.*,
        around.cell_no
    from chip_months
    inner join changed_chips using (chip_key)
    inner join {{ ref("cell_surroundings") }} as around using (chip_key)
    where
        chip_months.time_key >= changed_chips.first_time_key
        and (
            around.initial_count_5x5 > 0
            or around.appeared_months_5x5[1] <= chip_months.month_number
            or around.revealed_months_5x5[1] <= chip_months.month_number
        )

),

final as (

    select
        chip_key,
        time_key as as_of,
        cell_no,
        coalesce(seen.building_count, 0::smallint) as building_count,
        coalesce(seen.built_area_m2, 0)::real as built_area_m2,
        (seen.built_area_m2 / seen.building_count)::real as mean_area_m2,
        {% for block in ["", "_3x3", "_5x5"] -%}
            {%- set months = "around.appeared_months" ~ block -%}
            {%- set revealed = "around.revealed_months" ~ block -%}
            (
                around.initial_count{{ block }}
                + coalesce(width_bucket(cells.month_number, {{ months }}), 0)
                + coalesce(width_bucket(cells.month_number, {{ revealed }}), 0)
            )::smallint as known_count{{ block }},
            coalesce(width_bucket(cells.month_number, {{ months }}), 0)::smallint
                as appeared{{ block }},
            {% for span in [3, 12] -%}
                coalesce(
                    width_bucket(cells.month_number, {{ months }})
                    - width_bucket(cells.month_number - {{ span }}, {{ months }}),
                    0
                )::smallint as appeared_{{ span }}{{ block }},
            {% endfor -%}
        {% endfor -%}
        {% for block in ["", "_3x3"] -%}
            {%- set months = "around.appeared_months" ~ block -%}
            (
                cells.month_number
                - {{ months }}[width_bucket(cells.month_number, {{ months }})]
            )::smallint as months_since_growth{{ block }},
        {% endfor -%}
        coalesce(
            width_bucket(cells.month_number, around.first_growth_months_3x3), 0
        )::smallint as grown_cells_3x3,
        cells.known_count as chip_known_count,
        cells.occupied_cells as chip_occupied_cells,
        (cells.appeared::real / nullif(cells.months_since_first, 0))::real
            as chip_growth,
        (
            cells.appeared_12::real / nullif(least(cells.months_since_first, 12), 0)
        )::real as chip_growth_12,
        cells.usable_share::real as usable_share,
        cells.months_since_first::smallint as months_since_first
    from cells
    inner join {{ ref("cell_surroundings") }} as around using (chip_key, cell_no)
    left join {{ ref("fact_cell_month") }} as seen using (chip_key, time_key, cell_no)

)

select * from final
