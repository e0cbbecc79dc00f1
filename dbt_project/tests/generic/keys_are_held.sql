{#-
    The server holds the keys that the contract declares, and has checked the rows
    against them. A row is a key or a `not null` that it does not hold.
-#}
{% test keys_are_held(model) %}
    {% set declared = [] %}
    {% for node in (graph.nodes.values() if execute else [])
        if node.resource_type == "model" and node.relation_name == model | string %}
        {% for key in declared_keys(node, node.alias) %}
            {% do declared.append(
                "('" ~ key.name ~ "', '" ~ key.definition | replace("'", "''") ~ "')"
            ) %}
        {% endfor %}
    {% endfor %}

    with

    declared_keys as (

        select
            name,
            definition
        from (
            values
            {{ declared | join(", ") or "(null, null)" }}
        ) as list (name, definition)

    )

    select
        declared_keys.name,
        declared_keys.definition
    from declared_keys
    left join pg_constraint
        on
            declared_keys.name = pg_constraint.conname
            and pg_constraint.conrelid = '{{ model }}'::regclass
            and pg_constraint.convalidated
    where pg_constraint.oid is null
{% endtest %}
