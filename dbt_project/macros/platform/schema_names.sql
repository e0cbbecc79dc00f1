{#- A model's schema is the one its folder names, with no prefix: `marts`, not `x_marts`. -#}
{% macro generate_schema_name(custom_schema_name, node) -%}
    {{ (custom_schema_name or target.schema) | trim }}
{%- endmacro %}
