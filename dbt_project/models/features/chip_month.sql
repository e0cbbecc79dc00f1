{%- set spans = [1, 2, 3, 6, 12] -%}
with

chip_months as (

    select
        chip_key,
        time_key,
        aoi_key,
        months_since_previous,
        building_count,
        built_area_m2,
        appeared,
        occupied_cells,
        usable_share,
        {{ month_number("time_key") }} as month_number
    from {{ ref("fact_chip_month") }}

),

known as {{ where_it_lies() }} (

    select
        growths.*,
        chip_months.aoi_key,
        chip_months.building_count,
        chip_months.built_area_m2,
        chip_months.occupied_cells,
        chip_months.usable_share,
        {% for span in [1, 3, 6] -%}
            case
                when growths.months_since_first >= {{ span }}
                    then sum(chip_months.appeared) over (
                        partition by chip_key
                        order by chip_months.month_number
                        range between {{ span - 1 }} preceding and current row
                    )
            end::integer as appeared_{{ span }},
        {% endfor -%}
        chip_months.months_since_previous
    from chip_months
    inner join {{ ref("chip_growth") }} as growths
        using (chip_key, time_key)

),

aoi_months as (

    select
        aoi_key,
        time_key,
        sum(net_change_since_first) as net_change,
        sum(building_months::numeric)::double precision as building_months,
        sum(net_change_6) as net_change_6,
        sum(known_count - net_change_6) as known_count_6_ago
    from known
    group by aoi_key, time_key

),

final as (

    select
        known.chip_key,
        known.aoi_key,
        known.time_key as as_of,
        (known.time_key % 100)::smallint as month,
        known.months_since_previous,
        known.months_since_first,
        known.building_count,
        known.known_count,
        known.built_area_m2,
        known.built_area_m2 / known.building_count as mean_area_m2,
        known.usable_share,
        {% for change in ["net_change", "net_area_change"] -%}
            {% for span in spans + ["since_first"] -%}
                known.{{ change }}_{{ span }},
            {% endfor -%}
        {% endfor -%}
        known.smoothed_change,
        known.smoothed_area_change,
        known.months_since_peak,
        known.appeared_1,
        known.appeared_3,
        known.appeared_6,
        {% for span in [3, 6, 12] -%}
            known.net_change_{{ span }}::double precision
            / nullif(known.known_count - known.net_change_{{ span }}, 0)
                as growth_rate_{{ span }},
        {% endfor -%}
        -- the other chips of the AOI alone
        (aoi_months.net_change - known.net_change_since_first)::integer
            as aoi_net_change,
        aoi_months.building_months - known.building_months as aoi_building_months,
        (
            aoi_months.net_change_6 - coalesce(known.net_change_6, 0)
        )::double precision
        / nullif(
            aoi_months.known_count_6_ago
            - coalesce(known.known_count - known.net_change_6, 0),
            0
        ) as aoi_growth_rate_6,
        known.occupied_cells / 1024.0::double precision as occupied_cell_share,
        known.building_count::double precision
        / nullif(known.occupied_cells, 0) as buildings_per_occupied_cell,
        abs(chips.lat) as abs_lat,
        chips.lon,
        chips.lat
    from known
    inner join {{ ref("dim_chip") }} as chips using (chip_key)
    inner join aoi_months
        on known.aoi_key = aoi_months.aoi_key and known.time_key = aoi_months.time_key

)

select * from final
