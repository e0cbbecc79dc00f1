with

chip_months as (

    select
        chip_key,
        time_key,
        month_number,
        months_since_previous,
        months_since_first
    from {{ ref("int_chip_months") }}

),

facts as (

    select
        chip_key,
        time_key,
        aoi_key,
        building_count,
        built_area_m2,
        appeared,
        usable_share
    from {{ ref("fact_chip_month") }}

),

changes as (

    select
        chip_key,
        time_key,
        presumed
    from {{ ref("int_chip_month_changes") }}

),

cells as (

    select
        chip_key,
        time_key,
        occupied_cells
    from {{ ref("int_chip_month_stocks") }}

),

chips as (

    select
        chip_key,
        lon,
        lat
    from {{ ref("dim_chip") }}

),

known as (

    select
        chip_months.chip_key,
        chip_months.time_key,
        chip_months.month_number,
        chip_months.months_since_previous,
        chip_months.months_since_first,
        facts.aoi_key,
        facts.building_count,
        facts.built_area_m2,
        facts.usable_share,
        facts.appeared,
        facts.building_count + changes.presumed as known_count,
        {% for span in [1, 3, 6, 12] -%}
            first_value(facts.building_count + changes.presumed) over (
                partition by chip_months.chip_key
                order by chip_months.month_number
                range between {{ span }} preceding and {{ span }} preceding
            ) as known_count_{{ span }}_ago,
        {% endfor -%}
        {% for span in [1, 3, 6] -%}
            case
                when chip_months.months_since_first >= {{ span }}
                    then sum(facts.appeared) over (
                        partition by chip_months.chip_key
                        order by chip_months.month_number
                        range between {{ span - 1 }} preceding and current row
                    )
            end::integer as appeared_{{ span }},
        {% endfor -%}
        coalesce(cells.occupied_cells, 0) as occupied_cells
    from chip_months
    inner join facts using (chip_key, time_key)
    inner join changes using (chip_key, time_key)
    left join cells using (chip_key, time_key)

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
    inner join chips using (chip_key)
    left join aoi_changes using (aoi_key, time_key)

)

select * from final
