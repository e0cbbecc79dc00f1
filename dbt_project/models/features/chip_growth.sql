{%- set fading = 0.7 -%} {#- weight in the smoothed change, as share of the next one -#}
with

-- What was revealed since stood from the start: growth counts without it.
chip_months as (

    select
        chip_key,
        time_key,
        months_since_previous,
        building_count + presumed as known_count,
        building_count + presumed - sum(revealed) over so_far as grown_count,
        built_area_m2 + presumed_area_m2
        - sum({{ in_mm2("revealed_area_m2") }}) over so_far
        / 1e6::double precision as grown_area_m2,
        {{ month_number("time_key") }} as month_number
    from {{ ref("fact_chip_month") }}
    window so_far as (partition by chip_key order by time_key)

),

-- A leap: more buildings, and a greater share of the count, than one month builds.
changes as (

    select
        *,
        grown_count - lag(grown_count) over so_far as count_change,
        grown_area_m2 - lag(grown_area_m2) over so_far as area_m2_change,
        abs(grown_count - lag(grown_count) over so_far) > greatest(
            50, 0.1 * lag(known_count) over so_far * months_since_previous
        ) as is_leap
    from chip_months
    window so_far as (partition by chip_key order by month_number)

),

-- What leaps came into sight or went out of it: without masks nothing else tells so.
growths as (

    select
        chip_key,
        time_key,
        months_since_previous,
        known_count,
        {% for kind in ["count", "area_m2"] -%}
            grown_{{ kind }}
            - coalesce(sum({{ kind }}_change) filter (where is_leap) over so_far, 0)
                as grown_{{ kind }},
        {% endfor -%}
        month_number
    from changes
    window so_far as (partition by chip_key order by month_number)

),

steps as (

    select
        *,
        month_number - first_value(month_number) over so_far as months_since_first,
        (grown_count - first_value(grown_count) over so_far)::integer
            as net_change_since_first,
        grown_area_m2 - first_value(grown_area_m2) over so_far
            as net_area_change_since_first,
        (grown_count - lag(grown_count) over so_far)::double precision
        / months_since_previous as monthly_change,
        (grown_area_m2 - lag(grown_area_m2) over so_far)
        / months_since_previous as monthly_area_change
    from growths
    window so_far as (partition by chip_key order by month_number)

),

-- Months count from the chip's first, so that a month's weight is the same ever after.
peaks as (

    select
        *,
        monthly_change >= max(monthly_change) over so_far as is_peak,
        power({{ fading }}::double precision, -months_since_first)
        * (1 - power({{ fading }}::double precision, months_since_previous)) as weight
    from steps
    window so_far as (partition by chip_key order by month_number)

),

final as (

    select
        chip_key,
        time_key,
        months_since_first,
        known_count,
        {% for span in [1, 2, 3, 6, 12] -%}
            {%- set frame = span ~ " preceding and " ~ span ~ " preceding" -%}
            (
                grown_count
                - first_value(grown_count) over (so_far range between {{ frame }})
            )::integer as net_change_{{ span }},
            grown_area_m2
            - first_value(grown_area_m2) over (so_far range between {{ frame }})
                as net_area_change_{{ span }},
        {% endfor -%}
        net_change_since_first,
        net_area_change_since_first,
        sum(weight * monthly_change) over so_far / sum(weight) over so_far
            as smoothed_change,
        sum(weight * monthly_area_change) over so_far / sum(weight) over so_far
            as smoothed_area_change,
        month_number - max(month_number) filter (where is_peak) over so_far
            as months_since_peak,
        months_since_first
        * (known_count - net_change_since_first / 2.0::double precision)
            as building_months
    from peaks
    window so_far as (partition by chip_key order by month_number)

)

select * from final
