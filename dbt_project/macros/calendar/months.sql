{#- Months counted from year 0, so that differences of time keys are months. -#}
{% macro month_number(time_key) -%}
    ({{ time_key }} / 100 * 12 + {{ time_key }} % 100 - 1)
{%- endmacro %}

{#- The first day of the month of a time key; null for null. -#}
{% macro month_start(time_key) -%}
    make_date({{ time_key }} / 100, {{ time_key }} % 100, 1)
{%- endmacro %}

{#- Calendar months of an observed month since the chip's first one. -#}
{% macro months_since_first(time_key, ordinal) -%}
    {{ month_number(time_key) }}
        - first_value({{ month_number(time_key) }}) over (
            partition by chip_key
            order by {{ ordinal }}
        )
{%- endmacro %}

{#- Aggregate: months as bits, `months_0` to `months_3`. A month's place is counted from
    0: month 0 is bit 0 of the first word, month 32 bit 0 of the second. A word without a
    month is null. A shader's numbers are exact to 32 bits. -#}
{% macro month_bits(place) -%}
    {%- for word in range(4) %}
        (
            sum(1::bigint << ({{ place }} % 32)) filter (
                where {{ place }} / 32 = {{ word }}
            )
        )::bigint as months_{{ word }}{{ "," if not loop.last }}
    {%- endfor %}
{%- endmacro %}
