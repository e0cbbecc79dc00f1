{#-
    Every row has its counterpart in another table, where the server cannot hold the
    foreign key. A row is a key without counterpart.
-#}
{% test relates_to(model, columns, to, to_columns) %}
    select distinct {{ columns | join(", ") }}
    from {{ model }} as child
    where
        not exists (
            select from {{ to }} as parent
            where
                {% for column in columns -%}
                    parent.{{ to_columns[loop.index0] }} = child.{{ column }}
                    {{- " and " if not loop.last }}
                {%- endfor %}
        )
        and ({{ columns | join(", ") }}) is not null
{% endtest %}
