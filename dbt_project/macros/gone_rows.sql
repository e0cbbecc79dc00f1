{#-
    On run end: delete rows of dimensions that are gone. A dimension is written before
    the facts that refer to it, so at that point it keeps what is gone; here, after the
    facts, what nothing refers to any more is deleted.
-#}
{% macro delete_gone_rows() %}
    {% if execute and flags.WHICH in ["run", "build"] %}
        {{ delete_gone("dim_footprint", "int_footprints") }}
        {{ delete_gone("dim_chip", "int_chips") }}
        {{ delete_gone("dim_aoi", "dim_chip", one_to_one=false) }}
        {{ delete_gone("dim_time", "int_months") }}
    {% endif %}
{% endmacro %}

{#-
    Delete the rows of `table` whose key is not in `source` and that no table refers to.
    `one_to_one`: a row of `source` is a key, so that as many rows mean that none is gone.
-#}
{% macro delete_gone(table, source, one_to_one=true) %}
    {% set tables = {} %}
    {% set children = [] %}
    {% for node in graph.nodes.values() if node.resource_type == "model" %}
        {% set relation = adapter.get_relation(node.database, node.schema, node.alias) %}
        {% if relation is not none %}
            {% do children.append(node) %}
            {% if node.name in [table, source] %}
                {% do tables.update({node.name: node}) %}
            {% endif %}
        {% endif %}
    {% endfor %}
    {% if tables | length == 2 %}
        {% set key = primary_key(tables[table]) %}
        {% set held = tables[table].relation_name %}
        {% set wanted = tables[source].relation_name %}
        delete from {{ held }} as held
        where
            -- cheap, and mostly all there is to do
            (select count(*) from {{ held }})
            > (
                select count({{ "*" if one_to_one else "distinct (" ~ key | join(", ") ~ ")" }})
                from {{ wanted }}
            )
            and not exists (
                select from {{ wanted }} as wanted
                where {{ same_key("wanted", "held", key) }}
            )
            {% for node in children %}
                {% for constraint in node.constraints
                    if constraint.type == "foreign_key"
                    and referred_table(constraint) == held %}
            and not exists (
                select from {{ node.relation_name }} as child
                where
                    {% for column in constraint.columns -%}
                        child.{{ column }} = held.{{ constraint.to_columns[loop.index0] }}
                        {{- " and " if not loop.last }}
                    {%- endfor %}
            )
                {% endfor %}
            {% endfor %};
    {% endif %}
{% endmacro %}
