{#-
    Tables and keys of the contracts.

    dbt would declare a contract's types and keys, and insert the rows then: with keys
    ten times slower at full size, and slower even without. Here the rows come with the
    table, cast to the contract's types, then `not null`, and `add_keys`, a post-hook in
    the same transaction, adds the rest. The YAML stays the one place that names types
    and keys.
-#}

{% macro postgres__create_table_as(temporary, relation, sql) -%}
    {%- set is_contracted = config.get("contract").enforced -%}
    {%- if is_contracted %}{{ get_assert_columns_equivalent(sql) }}{% endif -%}
    {%- if is_contracted and not temporary -%}
        {{ create_filled_table(relation, sql) }}
    {%- elif target.name == "citus" and config.get("materialized") != "unit" -%}
        {{ create_and_fill(relation, sql) }}
    {%- else -%}
        create {{ "temporary " if temporary }}table {{ relation }} as (
            {{ sql }}
        );
    {%- endif -%}
{%- endmacro %}

{#- `check`: a condition that holds for all rows, proved by the scan that `not null` takes. -#}
{% macro create_filled_table(table, sql, check=none) %}
    {% set query %}
        select
        {%- for column in model.columns.values() %}
            {{ column.name }}::{{ column.data_type }} as {{ column.name }}
            {{- "," if not loop.last }}
        {%- endfor %}
        from (
            {{ sql }}
        ) as model_subq
    {% endset %}
    create table {{ table }}
    {%- if config.get("fillfactor") %} with (fillfactor = {{ config.get("fillfactor") }})
    {%- endif %} as
    {{ query }}{{ " with no data" if is_spread() }};

    alter table {{ table }}
    {%- for column in required_columns() %}
        alter column {{ column.name }} set not null{{ "," if not loop.last }}
    {%- endfor %}
    {%- if check %}, add constraint {{ check.name }} check ({{ check.expression }}){% endif %};
    {% if is_spread() %}
        {{ distribute(table) }}
        insert into {{ table }} ({{ column_names() }})
        {{ query }};
    {% endif %}
{% endmacro %}

{% macro column_names() %}
    {%- do return(model.columns.keys() | join(", ")) -%}
{% endmacro %}

{#- The table without rows and keys: one that is partitioned, or distributed. -#}
{% macro postgres__get_table_columns_and_constraints() %}
    (
    {%- for column in model.columns.values() %}
        {{ column.name }} {{ column.data_type }}
        {{- " not null" if column in required_columns() }}
        {{- "," if not loop.last }}
    {%- endfor %}
    )
{% endmacro %}

{% macro required_columns() %}
    {% set required = [] %}
    {% for column in model.columns.values()
        if column.constraints | selectattr("type", "equalto", "not_null") | list %}
        {% do required.append(column) %}
    {% endfor %}
    {% do return(required) %}
{% endmacro %}

{#-
    The keys that a node's YAML declares, as {type, name, definition} for `table`, with
    how the server shows them (`shown`), checks apart, which it rewrites.
    Foreign keys come last and by the table they refer to: adding one locks that table
    against another that is being added, and locks taken in one order cannot deadlock.
    Tables with short keys are last of all: they are small, and most models wait for them.
-#}
{% macro declared_keys(node, table) %}
    {% set keys = [] %}
    {% for constraint in node.constraints %}
        {% set columns = constraint.columns | join(", ") %}
        {% set stem = table ~ "_" ~ constraint.columns | join("_") %}
        {% set key = {"type": constraint.type, "order": (-99, "")} %}
        {% if constraint.type == "primary_key" %}
            {% do key.update(
                name=table ~ "_pkey",
                definition="primary key (" ~ columns ~ ")",
            ) %}
        {% elif constraint.type == "unique" %}
            {% do key.update(
                name=stem ~ "_key",
                definition="unique (" ~ columns ~ ")",
            ) %}
        {% elif constraint.type == "foreign_key" %}
            {% set parent = referred_table(constraint) %}
            {% do key.update(
                order=(-(constraint.columns | length), parent),
                name=stem ~ "_fkey",
                definition="foreign key (" ~ columns ~ ") references "
                ~ parent ~ " (" ~ constraint.to_columns | join(", ") ~ ")",
                shown="foreign key (" ~ columns ~ ") references "
                ~ parent.replace('"', "").split(".")[-2:] | join(".")
                ~ "(" ~ constraint.to_columns | join(", ") ~ ")",
            ) %}
        {% else %}
            {% do key.update(
                name=constraint.name,
                definition="check (" ~ constraint.expression ~ ")",
            ) %}
        {% endif %}
        {% if constraint.type in ["primary_key", "unique"] %}
            {% do key.update(shown=key.definition) %}
        {% endif %}
        {% do keys.append(key) %}
    {% endfor %}
    {% do return(keys | sort(attribute="order")) %}
{% endmacro %}

{#- Table of a foreign key's `to`, which dbt resolves in nodes that it has run alone. -#}
{% macro referred_table(constraint) %}
    {% if not constraint.to.startswith("ref(") %}
        {% do return(constraint.to) %}
    {% endif %}
    {% set name = constraint.to.split("'")[1] %}
    {% for node in graph.nodes.values()
        if node.resource_type == "model" and node.name == name %}
        {% do return(node.relation_name) %}
    {% endfor %}
    {{ exceptions.raise_compiler_error("no model " ~ name ~ " for a foreign key") }}
{% endmacro %}

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

{#- Post-hook: add the keys that the table does not have yet; `types` for some alone. -#}
{% macro add_keys(table=this, types=["primary_key", "unique", "check", "foreign_key"]) %}
    {% if execute %}
        {% set backup = make_backup_relation(table, "table") %}
        {% set missing = missing_keys(table, types) %}
        {% set replaced = names_of_keys(backup) if missing else [] %}
        {% call in_one_block() %}
            {% for key in missing
                if key.type in ["primary_key", "unique"] and key.name in replaced %}
                -- names of indexes are the schema's, and the table that is replaced has it
                alter index {{ backup.include(identifier=false) }}.{{ key.name }}
                rename to {{ key.name }}__dbt_backup;
            {% endfor %}
            {% for key in missing %}
                alter table {{ table }} add constraint {{ key.name }} {{ key.definition }};
            {% endfor %}
        {% endcall %}
        {% if missing %}analyze {{ table }};{% endif %}
    {% endif %}
{% endmacro %}

{% macro missing_keys(table, types) %}
    {% set held = names_of_keys(table) %}
    {% set missing = [] %}
    {% for key in declared_keys(model, table.identifier)
        if key.type in types and key.name not in held %}
        {% do missing.append(key) %}
    {% endfor %}
    {% do return(missing) %}
{% endmacro %}

{% macro names_of_keys(table) %}
    {% set query %}
        select conname from pg_constraint where conrelid = to_regclass('{{ table }}')
    {% endset %}
    {% do return(run_query(query).columns[0].values() | list) %}
{% endmacro %}

{#-
    On run start of a full refresh: foreign keys of the tables that are to be replaced
    go first. Dropping one locks the table it refers to, and several models at once
    would deadlock over that.
-#}
{% macro drop_foreign_keys() %}
    {% if execute and flags.FULL_REFRESH and flags.WHICH in ["run", "build"] %}
        {% call in_one_block() %}
            {% for node in graph.nodes.values()
                if node.resource_type == "model" and node.unique_id in selected_resources %}
                {% set table = adapter.get_relation(node.database, node.schema, node.alias) %}
                {% for key in declared_keys(node, node.alias)
                    if table is not none and key.type == "foreign_key" %}
                    alter table {{ table }} drop constraint if exists {{ key.name }};
                {% endfor %}
            {% endfor %}
        {% endcall %}
    {% endif %}
{% endmacro %}

{#-
    On run end: a table that was built anew took the foreign keys of the tables that
    refer to it along; give them back, from the YAML.
-#}
{% macro restore_foreign_keys() %}
    {% if execute and flags.WHICH in ["run", "build"] %}
        {% set held = [] %}
        {% for schema, name in run_query(
            "select connamespace::regnamespace::text, conname from pg_constraint"
            " where contype = 'f'"
        ) %}
            {% do held.append(schema ~ "." ~ name) %}
        {% endfor %}
        {% call in_one_block() %}
            {% for node in graph.nodes.values()
                if node.resource_type == "model" and node.constraints %}
                {% set table = adapter.get_relation(node.database, node.schema, node.alias) %}
                {% for key in declared_keys(node, node.alias) if table is not none %}
                    {% if key.type == "foreign_key"
                        and node.schema ~ "." ~ key.name not in held %}
                        {{ log("restoring " ~ key.name, info=true) }}
                        alter table {{ table }}
                        add constraint {{ key.name }} {{ key.definition }};
                    {% endif %}
                {% endfor %}
            {% endfor %}
        {% endcall %}
    {% endif %}
{% endmacro %}
