{#-
    Keys of the contracts.

    dbt would declare a contract's keys in `create table`, before the rows are in: ten
    times slower at full size. Here the create holds types and `not null`, and
    `add_keys`, a post-hook in the same transaction, adds the rest after the rows. The
    YAML stays the one place that names keys.
-#}

{% macro postgres__get_table_columns_and_constraints() %}
    (
    {%- for column in model.columns.values() %}
        {{ column.name }} {{ column.data_type }}
        {%- if is_not_null(column) %} not null{% endif %}
        {{- "," if not loop.last }}
    {%- endfor %}
    )
{% endmacro %}

{% macro is_not_null(column) %}
    {% do return(
        column.constraints | selectattr("type", "equalto", "not_null") | list | length > 0
    ) %}
{% endmacro %}

{#- The constraints that a model's YAML declares: list of {name, definition}. -#}
{% macro declared_keys(node) %}
    {% set keys = [] %}
    {% for constraint in node.constraints %}
        {% set columns = constraint.columns | join(", ") %}
        {% if constraint.type == "primary_key" %}
            {% do keys.append({
                "name": node.alias ~ "_pkey",
                "definition": "primary key (" ~ columns ~ ")",
            }) %}
        {% elif constraint.type == "unique" %}
            {% do keys.append({
                "name": node.alias ~ "_" ~ constraint.columns | join("_") ~ "_key",
                "definition": "unique (" ~ columns ~ ")",
            }) %}
        {% elif constraint.type == "foreign_key" %}
            {% do keys.append({
                "name": node.alias ~ "_" ~ constraint.columns | join("_") ~ "_fkey",
                "definition": "foreign key (" ~ columns ~ ") references "
                    ~ constraint.to ~ " (" ~ constraint.to_columns | join(", ") ~ ")",
            }) %}
        {% elif constraint.type == "check" %}
            {% do keys.append({
                "name": constraint.name,
                "definition": "check (" ~ constraint.expression ~ ")",
            }) %}
        {% endif %}
    {% endfor %}
    {% do return(keys) %}
{% endmacro %}

{% macro add_keys() %}
    {% if execute %}
        -- the table it replaces still holds the names of the keys
        drop table if exists {{ make_backup_relation(this, "table") }} cascade;
        {% for key in declared_keys(model) %}
            alter table {{ this }} add constraint {{ key.name }} {{ key.definition }};
        {% endfor %}
        analyze {{ this }};
    {% endif %}
{% endmacro %}
