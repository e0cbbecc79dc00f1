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
    still refer to them at this point of the run). `scope` is a table with the keys of
    the rows that the query is about; all others stay.
-#}
{% macro get_incremental_sync_sql(arguments) %}
    {% set held, wanted = arguments["target_relation"], arguments["temp_relation"] %}
    {% set columns = arguments["dest_columns"] | map(attribute="name") | list %}
    {% set key = config.get("unique_key") or primary_key(model) %}
    {% set values = columns | reject("in", key) | list %}
    {% set match = same_key("held", "wanted", key) %}
    {% set scope = config.get("scope") %}

    {% if not config.get("keep_gone", false) %}
        delete from {{ held }} as held
        {% if scope %}using {{ scope }} as scope{% endif %}
        where
            not exists (select from {{ wanted }} as wanted where {{ match }})
            {% if scope %}and {{ same_key("held", "scope", key) }}{% endif %};
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
    replace_tail: the query gives the rows of changed chips from the first changed
    month on; `stale_rows` says which rows of `held` they replace, in terms of
    `changed` (see `changed_chips`). Rows that stay as they are are not written.
-#}
{% macro get_incremental_replace_tail_sql(arguments) %}
    {% set held, fresh = arguments["target_relation"], arguments["temp_relation"] %}
    {% set columns = arguments["dest_columns"] | map(attribute="name") | list %}
    {% set key = config.get("unique_key") or primary_key(model) %}
    {% set values = columns | reject("in", key) | list %}
    {% set match = same_key("held", "fresh", key) %}
    {% set upstream = config.get("upstream") %}
    {#- Says no more than the rest, but by a number, so that older rows cost nothing. -#}
    {% set is_recent -%}
        {%- if "time_key" in columns -%}
            held.time_key >= {{ first_changed_month(held.identifier, upstream) }}
        {%- else -%}
            true
        {%- endif -%}
    {%- endset %}

    delete from {{ held }} as held
    using {{ changed_chips(held.identifier, upstream) }} as changed
    where
        held.chip_key = changed.chip_key
        and {{ config.get("stale_rows") }}
        and {{ is_recent }}
        and not exists (
            select from {{ fresh }} as fresh
            where
                {{ match }}
                and (held.{{ values | join(", held.") }})
                is not distinct from (fresh.{{ values | join(", fresh.") }})
        );

    insert into {{ held }} ({{ columns | join(", ") }})
    select {{ columns | join(", ") }}
    from {{ fresh }} as fresh
    where not exists (select from {{ held }} as held where {{ match }} and {{ is_recent }})
{% endmacro %}

{#-
    replace_groups: the query gives all rows of the groups that changed, the rows of a
    group having the same `unique_key`. A group that has none any more comes as one row
    without `presence`, a column that is never null. Rows that stay as they are are not
    written.
-#}
{% macro get_incremental_replace_groups_sql(arguments) %}
    {% set held, fresh = arguments["target_relation"], arguments["temp_relation"] %}
    {% set columns = arguments["dest_columns"] | map(attribute="name") | list %}
    {% set group = config.get("unique_key") %}
    {% set values = columns | reject("in", group) | list %}
    {% set match = same_key("held", "fresh", group) %}
    {% set equal -%}
        {{ match }}
        and (held.{{ values | join(", held.") }})
        is not distinct from (fresh.{{ values | join(", fresh.") }})
    {%- endset %}

    delete from {{ held }} as held
    where
        exists (select from {{ fresh }} as fresh where {{ match }})
        and not exists (select from {{ fresh }} as fresh where {{ equal }});

    insert into {{ held }} ({{ columns | join(", ") }})
    select {{ columns | join(", ") }}
    from {{ fresh }} as fresh
    where
        {{ config.get("presence") }} is not null
        and not exists (select from {{ held }} as held where {{ equal }})
{% endmacro %}
