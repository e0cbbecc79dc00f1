{#- Months counted from year 0, so that differences of time keys are months. -#}
{% macro month_number(time_key) -%}
    ({{ time_key }} / 100 * 12 + {{ time_key }} % 100 - 1)
{%- endmacro %}

{#- The time key of a month counted by `month_number`. -#}
{% macro time_key_of(month_number) -%}
    ({{ month_number }} / 12 * 100 + {{ month_number }} % 12 + 1)
{%- endmacro %}
