{#-
    standing_view: a view that is replaced where it stands, and left alone where it says the
    same. dbt's `view` is made anew beside the old one: what reads the old one goes with it,
    and it waits for whoever reads it, and all others then wait behind it.
-#}
{% materialization standing_view, adapter="postgres" %}
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

{#- Where a column changed or is gone the view is made anew; views that still fit move over. -#}
{% macro replace_view(view, sql) %}
    {% set old = make_backup_relation(view, "view") %}
    {% set draft = make_temp_relation(view).identifier %}
    do $replace_view$
    begin
        create temporary view {{ draft }} as (
            {{ sql }}
        );
        if pg_get_viewdef('pg_temp.{{ draft }}'::regclass)
            = pg_get_viewdef('{{ view }}'::regclass)
        then
            drop view pg_temp.{{ draft }};
            return;
        end if;
        drop view pg_temp.{{ draft }};
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

{#-
    Views outlive the tables they read.

    dbt builds a table beside the old one, swaps the two and drops the old one with
    `cascade`: views on it would go along, and come back only when they are built
    themselves. Here they move on to the new table first. They are replaced, not made
    anew, so grants, comments and views on them stay, and no reader ever misses one.
-#}
{% macro postgres__drop_relation(relation) %}
    {% set is_swap = relation.identifier.endswith("__dbt_backup") %}
    {% set successor = relation.incorporate(
        path={"identifier": relation.identifier.removesuffix("__dbt_backup")}
    ) %}
    {% call statement("drop_relation", auto_begin=False) %}
        {% if is_swap -%}
            do $$
            begin
                {{ moving_views(relation, successor) }}
            end
            $$;
        {%- endif %}
        {{ get_drop_sql(relation) }}
    {% endcall %}
    {% if is_swap %}{% do cache_views(successor) %}{% endif %}
{% endmacro %}

{#-
    A view that does not fit the new table (errors of class 42: a column is gone, or of
    another type) stays on the old one and goes with it, until its model is built.
    One swap at a time: two tables of one view would undo each other's move.
    A block of PL/pgSQL.
-#}
{% macro moving_views(old, new) %}
    declare
        reader regclass;
    begin
        perform pg_advisory_xact_lock(hashtext('move_views'));
        for reader in {{ views_on(old) }}
        loop
            begin
                execute format(
                    'create or replace view %s as %s',
                    reader,
                    replace(
                        pg_get_viewdef(reader), '{{ old.identifier }}', '{{ new.identifier }}'
                    )
                );
            exception when others then
                if sqlstate not like '42%' then raise; end if;
            end;
        end loop;
    end;
{% endmacro %}

{#- dbt takes views on a table that is dropped for gone; tell it of those that moved. -#}
{% macro cache_views(table) %}
    {% set query %}
        select
            relnamespace::regnamespace::text,
            relname
        from pg_class
        where oid in ({{ views_on(table) }})
    {% endset %}
    {% for schema, name in run_query(query) %}
        {% do adapter.cache_added(
            api.Relation.create(table.database, schema, name, type="view")
        ) %}
    {% endfor %}
{% endmacro %}

{#- Query: views that read a table, and those that read them. -#}
{% macro views_on(table) %}
    with recursive readers as (
        select to_regclass('{{ table }}')::oid as oid
        union
        select pg_rewrite.ev_class
        from readers
        inner join pg_depend
            on
                readers.oid = pg_depend.refobjid
                and pg_depend.refclassid = 'pg_class'::regclass
                and pg_depend.classid = 'pg_rewrite'::regclass
        inner join pg_rewrite on pg_depend.objid = pg_rewrite.oid
    )

    select oid from readers where oid <> to_regclass('{{ table }}')
{% endmacro %}
