{#-
    The server holds the keys that the contract declares, and has checked the rows
    against them. A row is a key that it does not hold, or holds otherwise.
-#}
{% test keys_are_held(model) %}
    {% set declared = [] %}
    {% for node in (graph.nodes.values() if execute else [])
        if node.resource_type == "model" and node.relation_name == model | string %}
        {% for key in declared_keys(node, node.alias) %}
            {% set shown = "'" ~ key.shown ~ "'" if key.shown else "null" %}
            {% do declared.append("('" ~ key.name ~ "', " ~ shown ~ ")") %}
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

    ),

    held_keys as (

        select
            conname as name,
            lower(pg_get_constraintdef(oid)) as definition
        from pg_constraint
        where conrelid = '{{ model }}'::regclass and convalidated

    )

    select
        declared_keys.name,
        declared_keys.definition,
        held_keys.definition as held_definition
    from declared_keys
    left join held_keys on declared_keys.name = held_keys.name::text
    where
        held_keys.name is null
        or declared_keys.definition <> held_keys.definition
{% endtest %}
