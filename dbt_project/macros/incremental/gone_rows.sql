{#-
    On run end: delete rows of dimensions that are gone. A dimension is written before
    the facts that refer to it, so at that point it keeps what is gone; here, after the
    facts, what nothing refers to any more is deleted.
-#}
{% macro delete_gone_rows() %}
    {% if execute and flags.WHICH in ["run", "build"] %}
        {{ delete_gone("dim_footprint", "int_footprints") }}
        {{ delete_gone("dim_chip", "int_chips") }}
        {{ delete_gone("dim_aoi", "int_aois") }}
        {{ delete_gone("dim_time", "int_months") }}
        {{ delete_gone("dim_tracker", "int_trackers") }}
    {% endif %}
{% endmacro %}

{#- Delete the rows of `table` whose key is not in `source` and that no table refers to. -#}
{% macro delete_gone(table, source) %}
    {% set tables = {} %}
    {% for node in graph.nodes.values()
        if node.resource_type == "model"
        and adapter.get_relation(node.database, node.schema, node.alias) is not none %}
        {% do tables.update({node.name: node}) %}
    {% endfor %}
    {% if table not in tables or source not in tables %}{% do return("") %}{% endif %}
    {% set held, wanted = tables[table].relation_name, tables[source].relation_name %}
    {% set columns = primary_key(tables[table]) %}
    {% set key = columns | join(", ") %}
    {% set is_any_gone %}
        select
            (select count(*) from {{ held }})
            > (select count(*) from (select distinct {{ key }} from {{ wanted }}) as keys)
    {% endset %}
    {% if not run_query(is_any_gone).columns[0].values()[0] %}{% do return("") %}{% endif %}
    {% if target.name == "citus" %}
        set local citus.multi_shard_modify_mode = 'sequential';
    {% endif %}
    with gone as materialized (
        select {{ qualified("held", columns) }}
        from {{ held }} as held
        left join {{ wanted }} as wanted on {{ same_key("held", "wanted", columns) }}
        where wanted.{{ columns[0] }} is null
    ),

    unused as materialized (
        select {{ key }} from gone
        {% for node in tables.values() %}
            {% for constraint in node.constraints
                if constraint.type == "foreign_key"
                and referred_table(constraint) == held %}
        except
        select {{ qualified("child", constraint.columns) }}
        from {{ node.relation_name }} as child
        inner join gone
            on
                {% for column in constraint.columns -%}
                    child.{{ column }} = gone.{{ constraint.to_columns[loop.index0] }}
                    {{- " and " if not loop.last }}
                {%- endfor %}
            {% endfor %}
        {% endfor %}
    )

    delete from {{ held }} as held
    using unused
    where {{ same_key("held", "unused", columns) }};
{% endmacro %}

{% macro qualified(table, columns) -%}
    {{ table }}.{{ columns | join(", " ~ table ~ ".") }}
{%- endmacro %}
