{#-
    Views outlive the tables they read.

    dbt builds a table beside the old one, swaps the two and drops the old one with
    `cascade`: views on it would go along, and come back only when they are built
    themselves. Here they move on to the new table first. They are replaced, not made
    anew, so grants, comments and views on them stay, and no reader ever misses one.
-#}
{% macro postgres__drop_relation(relation) %}
    {% set is_swap = relation.identifier.endswith("__dbt_backup") %}
    {% call statement("drop_relation", auto_begin=False) %}
        {{ move_views(relation) if is_swap }}
        {{ get_drop_sql(relation) }}
    {% endcall %}
    {% if is_swap %}{% do cache_views() %}{% endif %}
{% endmacro %}

{#-
    A view that does not fit the new table (errors of class 42: a column is gone, or of
    another type) stays on the old one and goes with it, until its model is built.
    One swap at a time: two tables of one view would undo each other's move.
-#}
{% macro move_views(old) %}
    do $$
    declare
        reader regclass;
    begin
        perform pg_advisory_xact_lock(hashtext('move_views'));
        for reader in
            select distinct ev_class
            from pg_depend
            inner join pg_rewrite on pg_depend.objid = pg_rewrite.oid
            where
                pg_depend.classid = 'pg_rewrite'::regclass
                and pg_depend.refobjid = to_regclass('{{ old }}')
                and pg_rewrite.ev_class <> pg_depend.refobjid
        loop
            begin
                execute format(
                    'create or replace view %s as %s',
                    reader,
                    replace(
                        pg_get_viewdef(reader),
                        '{{ old.identifier }}',
                        '{{ old.identifier.removesuffix("__dbt_backup") }}'
                    )
                );
            exception when others then
                if sqlstate not like '42%' then raise; end if;
            end;
        end loop;
    end
    $$;
{% endmacro %}

{#- dbt takes the views of a table that is dropped for gone; tell it which are there. -#}
{% macro cache_views() %}
    {% for schema, name in run_query(
        "select schemaname, viewname from pg_views where viewowner = current_user"
    ) %}
        {% do adapter.cache_added(
            api.Relation.create(target.database, schema, name, type="view")
        ) %}
    {% endfor %}
{% endmacro %}
