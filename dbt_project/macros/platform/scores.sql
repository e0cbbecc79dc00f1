{#-
    A table of scores. Scoring makes it, in a schema that dbt has no part in: until then a
    subquery of the columns that the source's YAML names, and no rows.
-#}
{% macro scores_or_none(table) -%}
    {%- set made = source("scores", table) -%}
    {%- if not execute or load_relation(made) -%}
        {{ made }}
    {%- else -%}
        {%- set key = "source." ~ project_name ~ ".scores." ~ table -%}
        (
            select
            {%- for column in graph.sources[key].columns.values() %}
                null::{{ column.data_type }} as {{ column.name }}
                {{- "," if not loop.last }}
            {%- endfor %}
            where false
        )
    {%- endif -%}
{%- endmacro %}
