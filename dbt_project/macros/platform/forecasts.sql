{#-
    Forecasts of cells. Forecasting makes their table, in a schema that dbt has no part in:
    until then a subquery of the same columns and no rows.
-#}
{% macro cell_forecasts() -%}
    {%- set made = adapter.get_relation(target.database, "ml", "cell_forecast") if execute -%}
    {%- if made -%}
        {{ made }}
    {%- else -%}
        (
            select
                chip_key,
                cell_no,
                as_of,
                null::integer as model_version,
                null::smallint as horizon,
                null::double precision as probability,
                null::timestamptz as written_at
            from {{ ref("cell_month") }}
            where false
        )
    {%- endif -%}
{%- endmacro %}
