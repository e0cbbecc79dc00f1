{#- dbt looks up a table's columns first, at each model; here all that are described are there. -#}
{% macro postgres__alter_column_comment(relation, column_dict) %}
    {% for name, column in column_dict.items() %}
        comment on column {{ relation }}.{{ name }}
        is {{ postgres_escape_comment(column.description) }};
    {% endfor %}
{% endmacro %}
