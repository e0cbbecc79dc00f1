{#-
    replace_changed, a strategy of dbt's `incremental`: the query gives the rows of chips
    with a changed image, from their first changed month on if the table has months; they
    take the place of what it holds of them. `delete+insert` would keep what has no new
    rows, such as a chip that is gone.
-#}
{% macro get_incremental_replace_changed_sql(arguments) %}
    {% set held, fresh = arguments["target_relation"], arguments["temp_relation"] %}
    {% set columns = arguments["dest_columns"] | map(attribute="name") | list %}
    {% set month = ["time_key", "as_of"] | select("in", columns) | first %}

    with changed as materialized (
        select *
        from {{ changed_chips(
            held.identifier, config.get("follows"), config.get("reads_masks", false)
        ) }} as chips
    )

    delete from {{ held }} as held
    using changed
    where
        held.chip_key = changed.chip_key
        {% if month %}and held.{{ month }} >= changed.first_time_key{% endif %};

    insert into {{ held }} ({{ columns | join(", ") }})
    select {{ columns | join(", ") }} from {{ fresh }};
    {{ drop_fresh(fresh) }}
{% endmacro %}

{#- Where a model names no strategy: all new rows are added. -#}
{% macro postgres__get_incremental_default_sql(arguments) %}
    {{ get_incremental_append_sql(arguments) }};
    {{ drop_fresh(arguments["temp_relation"]) }}
{% endmacro %}
