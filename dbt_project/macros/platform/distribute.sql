{#-
    What Citus (`--target citus`) adds; elsewhere none of it changes a statement. Tables with
    a `chip_key` are spread by it when they are made, and filled where they lie, so that
    rows never pass the coordinator; other marts are copied to every node, and what is
    intermediate and has no chip is the coordinator's own.
-#}
{% macro is_spread() %}
    {% do return(target.name == "citus" and "chip_key" in model.columns) %}
{% endmacro %}

{% macro distribute(table=this) %}
    {% if is_spread() %}
        select create_distributed_table('{{ table }}', 'chip_key')
        {{ where_not_yet(table) }};
    {% elif target.name == "citus" and config.get("contract").enforced %}
        select create_reference_table('{{ table }}')
        {{ where_not_yet(table) }};
    {% else %}
        {% do return("") %}
    {% endif %}
{% endmacro %}

{% macro where_not_yet(table) %}
    where not exists (
        select 1 from pg_dist_partition where logicalrelid = '{{ table }}'::regclass
    )
{% endmacro %}

{#- A table for the rows of a query; one that is spread is so before they come. -#}
{% macro create_and_fill(table, sql) %}
    create table {{ table }} as (
        {{ sql }}
    ) {{ "with no data" if is_spread() }};
    {{ distribute(table) }}
    {% if is_spread() %}
        insert into {{ table }}
        {{ sql }};
    {% endif %}
{% endmacro %}

{#-
    New rows on their way into a table stand in one beside it. To Citus a temporary table is
    the coordinator's own and joins no other; there it is one like its target, which who
    made it drops in the same transaction.
-#}
{% macro postgres__make_temp_relation(base_relation, suffix) %}
    {% if target.name == "citus"
        and config.get("materialized") in ["incremental", "synced_table"] %}
        {% set name = base_relation.identifier ~ "__fresh" %}
        {% do return(base_relation.incorporate(path={"identifier": name})) %}
    {% endif %}
    {% set relation = postgres__make_relation_with_suffix(
        base_relation, suffix, dstring=True
    ) %}
    {% do return(relation.incorporate(path={"schema": none, "database": none})) %}
{% endmacro %}

{% macro create_fresh(fresh, sql) %}
    {% if target.name == "citus" %}
        {{ create_and_fill(fresh, sql) }}
    {% else %}
        create temporary table {{ fresh }} on commit drop as (
            {{ sql }}
        );
    {% endif %}
{% endmacro %}

{% macro drop_fresh(fresh) %}
    {% if target.name == "citus" %}drop table {{ fresh }};{% endif %}
{% endmacro %}

{#-
    The word between `as` and a CTE that is read twice. Citus would work it out on the
    coordinator and send it to every node, unless it is told to inline it.
-#}
{% macro where_it_lies() -%}
    {%- if target.name == "citus" %}not materialized{% endif -%}
{%- endmacro %}

{#-
    Pre-hook. What changes a table with a copy on every node, or a key that refers to one,
    may have one connection to each node. Where a table is made, the coordinator asks itself
    for its share like any other node; a transaction that has not may not rename it.
-#}
{% macro on_every_node(refers=true) %}
    {% if target.name == "citus" %}
        {% set is_new = starts_anew() or config.get("materialized") == "table" %}
        set local citus.enable_local_execution = {{ "off" if is_new else "on" }}
        {%- if refers %};
        set local citus.multi_shard_modify_mode = 'sequential'
        {%- endif %}
    {% endif %}
{% endmacro %}

{#-
    Around commands of `alter table` or `alter index`: Citus sends the nodes the whole string
    that such a command stands in, unless that is a block.
-#}
{% macro in_one_block() %}
    {% set commands = caller() %}
    {% if commands | trim %}
        {% if target.name == "citus" %}
            set local citus.multi_shard_modify_mode = 'sequential';
        {% endif %}
        do $keys$
        begin
            {{ commands }}
        end
        $keys$;
    {% endif %}
{% endmacro %}

{#-
    dbt asks for the columns of a query by `where false limit 0`, and Citus works out what
    it has to gather first all the same: the whole query. Without data it is not even planned.
-#}
{% macro get_column_schema_from_query(select_sql, select_sql_header=none) %}
    {% set query = get_empty_subquery_sql(select_sql, select_sql_header) %}
    {% if target.name == "citus" %}
        {% set draft = "columns_of_" ~ local_md5(select_sql) %}
        {% set query %}
            create temporary table {{ draft }} on commit drop as (
                {{ select_sql }}
            ) with no data;
            select * from {{ draft }}
        {% endset %}
    {% endif %}
    {% do return(adapter.get_column_schema_from_query(query)) %}
{% endmacro %}
