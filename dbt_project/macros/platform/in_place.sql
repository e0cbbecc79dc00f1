{#- Relations that are changed where they stand, in few statements: a run of one new month
    is mostly statements. -#}

{#- What is left to do then; what dbt wants to be told. -#}
{% macro finished_in_place(relation) %}
    {% do apply_grants(relation, config.get("grants"), should_revoke=false) %}
    {% do persist_docs(relation, model) %}
    {% do run_hooks(post_hooks) %}
    {% do adapter.commit() %}
    {% do return({"relations": [relation]}) %}
{% endmacro %}

{#- Rows go by the names of columns: another form of the table must not take them. -#}
{% macro assert_columns(held, columns) %}
    do $$
    begin
        if {{ columns_of(held) }} is distinct from {{ columns }} then
            raise '{{ held }} has not the columns of its model'
                using hint = 'Build it anew: dbt build --full-refresh';
        end if;
    end
    $$;
{% endmacro %}

{% macro columns_of(table) -%}
    (
        select array_agg(attname || ' ' || atttypid::regtype order by attname)
        from pg_attribute
        where attrelid = '{{ table }}'::regclass and attnum > 0 and not attisdropped
    )
{%- endmacro %}

{% macro columns_of_contract() -%}
    (
        select array_agg(name || ' ' || type::regtype order by name)
        from (
            values
            {% for column in model.columns.values() -%}
                ('{{ column.name }}', '{{ column.data_type }}'){{ ", " if not loop.last }}
            {%- endfor %}
        ) as list (name, type)
    )
{%- endmacro %}

{#- Comments on relation and columns in one statement; dbt looks up the columns first. -#}
{% macro postgres__persist_docs(relation, model, for_relation, for_columns) %}
    {% do run_query(
        alter_relation_comment(relation, model.description)
        ~ alter_column_comment(relation, model.columns)
    ) %}
{% endmacro %}

{% macro postgres__alter_column_comment(relation, column_dict) %}
    {% for name, column in column_dict.items() %}
        comment on column {{ relation }}.{{ name }}
        is {{ postgres_escape_comment(column.description) }};
    {% endfor %}
{% endmacro %}
