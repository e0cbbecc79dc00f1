{#- Incremental strategies of this project. None of them uses `merge` (Citus). -#}

{#- Columns of the primary key that a model's contract declares. -#}
{% macro primary_key(node) %}
    {% set keys = node.constraints | selectattr("type", "equalto", "primary_key") | list %}
    {% do return(keys[0].columns) %}
{% endmacro %}

{% macro same_key(left, right, columns) -%}
    {% for column in columns -%}
        {{ left }}.{{ column }} = {{ right }}.{{ column }}
        {{- " and " if not loop.last }}
    {%- endfor %}
{%- endmacro %}

{#-
    sync: the query gives all rows that the table should hold; only rows that differ
    are written, so that foreign keys onto the table stay. Rows that are gone are
    deleted, unless `keep_gone` leaves that to `delete_gone_rows` (other tables may
    still refer to them at this point of the run).
-#}
{% macro get_incremental_sync_sql(arguments) %}
    {% set held, wanted = arguments["target_relation"], arguments["temp_relation"] %}
    {% set columns = arguments["dest_columns"] | map(attribute="name") | list %}
    {% set key = config.get("unique_key") or primary_key(model) %}
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

    {% if values %}
        update {{ held }} as held
        set {% for column in values -%}
            {{ column }} = wanted.{{ column }}{{ ", " if not loop.last }}
        {%- endfor %}
        from {{ wanted }} as wanted
        where
            {{ match }}
            and (held.{{ values | join(", held.") }})
            is distinct from (wanted.{{ values | join(", wanted.") }})
    {% endif %}
{% endmacro %}

{#-
    replace_changed: the query gives the rows of chips with a changed image, from their
    first changed month on if it has months; they take the place of what the table holds
    of them. `delete+insert` would keep what has no new rows: a chip that is gone.
-#}
{% macro get_incremental_replace_changed_sql(arguments) %}
    {% set held, fresh = arguments["target_relation"], arguments["temp_relation"] %}
    {% set columns = arguments["dest_columns"] | map(attribute="name") | list %}

    delete from {{ held }} as held
    using {{ changed_chips(held.identifier, config.get("follows")) }} as changed
    where
        held.chip_key = changed.chip_key
        {% if "time_key" in columns %}and held.time_key >= changed.first_time_key{% endif %};

    insert into {{ held }} ({{ columns | join(", ") }})
    select {{ columns | join(", ") }} from {{ fresh }}
{% endmacro %}
