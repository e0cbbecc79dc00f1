with

chip_months as (

    select
        chip_key,
        time_key,
        aoi_key,
        months_since_previous,
        building_count,
        building_count + presumed as known_count,
        built_area_m2,
        appeared,
        revealed,
        occupied_cells,
        usable_share,
        {{ month_number("time_key") }} as month_number
    from {{ ref("fact_chip_month") }}

),

spans as (

    select
        *,
        month_number - first_value(month_number) over so_far as months_since_first,
        sum(revealed) over so_far as revealed_so_far
    from chip_months
    window so_far as (partition by chip_key order by month_number)

),

-- What was revealed since stood then: it is no growth.
known as {{ where_it_lies() }} (

    select
        {% for span in [1, 3, 6, 12] -%}
            (
                revealed_so_far + first_value(known_count - revealed_so_far) over (
                    partition by chip_key
                    order by month_number
                    range between {{ span }} preceding and {{ span }} preceding
                )
            )::integer as known_count_{{ span }}_ago,
        {% endfor -%}
        {% for span in [1, 3, 6] -%}
            case
                when months_since_first >= {{ span }}
                    then sum(appeared) over (
                        partition by chip_key
                        order by month_number
                        range between {{ span - 1 }} preceding and current row
                    )
            end::integer as appeared_{{ span }},
        {% endfor -%}
        *
    from spans

),

aoi_changes as (

    select
        aoi_key,
        time_key,
        sum(known_count - known_count_6_ago) as net_change_6,
        sum(known_count_6_ago) as known_count_6_ago
    from known
    where known_count_6_ago is not null
    group by aoi_key, time_key

),

final as (

    select
        known.chip_key,
        known.time_key as as_of,
        (known.time_key % 100)::smallint as month,
        known.months_since_previous,
        known.months_since_first,
        known.building_count,
        known.known_count,
        known.built_area_m2,
        known.built_area_m2 / known.building_count as mean_area_m2,
        known.usable_share,
        {% for span in [1, 3, 6, 12] -%}
            known.known_count - known.known_count_{{ span }}_ago
                as net_change_{{ span }},
        {% endfor -%}
        known.appeared_1,
        known.appeared_3,
        known.appeared_6,
        {% for span in [3, 6, 12] -%}
            (known.known_count - known.known_count_{{ span }}_ago)::double precision
            / nullif(known.known_count_{{ span }}_ago, 0) as growth_rate_{{ span }},
        {% endfor -%}
        -- the other chips of the AOI alone
        (
            aoi_changes.net_change_6
            - coalesce(known.known_count - known.known_count_6_ago, 0)
        )::double precision
        / nullif(
            aoi_changes.known_count_6_ago - coalesce(known.known_count_6_ago, 0), 0
        ) as aoi_growth_rate_6,
        known.occupied_cells / 1024.0::double precision as occupied_cell_share,
        known.building_count::double precision
        / nullif(known.occupied_cells, 0) as buildings_per_occupied_cell,
        abs(chips.lat) as abs_lat,
        chips.lon,
        chips.lat
    from known
    inner join {{ ref("dim_chip") }} as chips using (chip_key)
    left join aoi_changes
        on known.aoi_key = aoi_changes.aoi_key and known.time_key = aoi_changes.time_key

)

select * from final
