{#-
    replace_changed, a strategy of dbt's `incremental`: the query gives the rows of chips
    with a changed image, from their first changed month on if the table has months; they
    take the place of what it holds of them. `delete+insert` would keep what has no new
    rows, such as a chip that is gone.
-#}
{% macro get_incremental_replace_changed_sql(arguments) %}
    {% set held, fresh = arguments["target_relation"], arguments["temp_relation"] %}
    {% set columns = arguments["dest_columns"] | map(attribute="name") | list %}

    delete from {{ held }} as held
    using {{ changed_chips(
        held.identifier, config.get("follows"), config.get("reads_masks", false)
    ) }} as changed
    where
        held.chip_key = changed.chip_key
        {% if "time_key" in columns %}and held.time_key >= changed.first_time_key{% endif %};

    insert into {{ held }} ({{ columns | join(", ") }})
    select {{ columns | join(", ") }} from {{ fresh }}
{% endmacro %}
