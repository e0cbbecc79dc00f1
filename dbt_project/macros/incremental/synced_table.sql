{#-
    synced_table: a table that follows its query, row by row. dbt's `table` is replaced
    whole and takes the foreign keys of other tables along; its `incremental` rewrites rows
    that are equal and keeps those that are gone.

    The query gives all rows that the table should hold; only rows that differ are written.
    `keep_gone` leaves rows that are gone to `delete_gone_rows`, as other tables may still
    refer to them at this point of the run. The first time, and in a full refresh, it is
    dbt's `table`. No `merge` (Citus).
-#}
{% materialization synced_table, adapter="postgres" %}
    {% if starts_anew() %}{% do return(dbt.materialization_table_default()) %}{% endif %}
    {% set held = this.incorporate(type="table") %}
    {% set wanted = make_temp_relation(held) %}

    {{ run_hooks(pre_hooks) }}
    {% call statement("main") %}
        {{ create_fresh(wanted, sql) }}
        {{ assert_columns(held, columns_of(wanted)) }}
        -- what is to be written is few rows more often than not: keys find them
        set local enable_nestloop = on;
        {{ write_differences(held, wanted) }};
        {{ drop_fresh(wanted) }}
        set local enable_nestloop = off
    {% endcall %}
    {{ return(finished_in_place(held)) }}
{% endmaterialization %}

{% macro write_differences(held, wanted) %}
    {% set columns = model.columns.keys() | list %}
    {% set key = primary_key(model) %}
    {% set values = columns | reject("in", key) | list %}
    {% set match = same_key("held", "wanted", key) %}

    {% if not config.get("keep_gone", false) %}
        delete from {{ held }} as held
        where not exists (select from {{ wanted }} as wanted where {{ match }});
    {% endif %}

    insert into {{ held }} ({{ columns | join(", ") }})
    select {{ columns | join(", ") }}
    from {{ wanted }} as wanted
    where not exists (select from {{ held }} as held where {{ match }});

    update {{ held }} as held
    set {% for column in values -%}
        {{ column }} = wanted.{{ column }}{{ ", " if not loop.last }}
    {%- endfor %}
    from {{ wanted }} as wanted
    where
        {{ match }}
        and (held.{{ values | join(", held.") }})
        is distinct from (wanted.{{ values | join(", wanted.") }})
{% endmacro %}
