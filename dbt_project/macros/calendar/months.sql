{#- Months counted from year 0, so that differences of time keys are months. -#}
{% macro month_number(time_key) -%}
    ({{ time_key }} / 100 * 12 + {{ time_key }} % 100 - 1)
{%- endmacro %}

{#- The first day of the month of a time key; null for null. -#}
{% macro month_start(time_key) -%}
    make_date({{ time_key }} / 100, {{ time_key }} % 100, 1)
{%- endmacro %}
