{#-
    Materializations of this project: what dbt does, in fewer statements, as a run of
    one new month is mostly statements. A relation that is not there yet, or that a full
    refresh makes anew, is left to dbt.
-#}

{#- A table that exists: the query's rows go into it by the model's strategy. -#}
{% materialization incremental, adapter="postgres" %}
    {% if starts_anew() or load_cached_relation(this).is_view %}
        {% do return(dbt.materialization_incremental_default()) %}
    {% endif %}
    {% set held = this.incorporate(type="table") %}
    {% set fresh = make_temp_relation(held) %}
    {% set strategy = adapter.get_incremental_strategy_macro(
        context, config.get("incremental_strategy", "sync")
    ) %}

    {{ run_hooks(pre_hooks) }}
    {% call statement("main") %}
        create temporary table {{ fresh }} on commit drop as (
            {{ sql }}
        );
        {{ assert_columns(held, columns_of(fresh)) }}
        {#- What is to be written is few rows more often than not: keys find them. -#}
        {{ plan_for_lookups() }};
        {{ strategy({
            "target_relation": held,
            "temp_relation": fresh,
            "dest_columns": model.columns.values(),
        }) }};
        set local enable_nestloop = off
    {% endcall %}
    {{ return(finished_in_place(held)) }}
{% endmaterialization %}

{#- A view that exists: replaced where it stands, so that what reads it stays. -#}
{% materialization view, adapter="postgres" %}
    {% set held = load_cached_relation(this) %}
    {% if held is none or not held.is_view %}
        {% do return(dbt.materialization_view_default()) %}
    {% endif %}

    {{ run_hooks(pre_hooks) }}
    {% if config.get("contract").enforced %}
        {% do get_assert_columns_equivalent(sql) %}
    {% endif %}
    {% call statement("main") %}
        {{ replace_view(held, sql) }}
    {% endcall %}
    {{ return(finished_in_place(held)) }}
{% endmaterialization %}

{#- What is left to do with a relation that stood there before; what dbt wants to be told. -#}
{% macro finished_in_place(relation) %}
    {% do apply_grants(relation, config.get("grants"), should_revoke=false) %}
    {% do persist_docs(relation, model) %}
    {% do run_hooks(post_hooks) %}
    {% do adapter.commit() %}
    {% do return({"relations": [relation]}) %}
{% endmacro %}

{#- Where a column changed or is gone the view is made anew; views that still fit move over. -#}
{% macro replace_view(view, sql) %}
    {% set old = make_backup_relation(view, "view") %}
    do $replace_view$
    begin
        create or replace view {{ view }} as (
            {{ sql }}
        );
    exception when invalid_table_definition then
        alter view {{ view }} rename to {{ old.identifier }};
        create view {{ view }} as (
            {{ sql }}
        );
        {{ moving_views(old, view) }}
        drop view {{ old }} cascade;
    end
    $replace_view$;
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
