{#-
    Citus (`--target citus`) alone: spread a table by `chip_key`, or copy it to every
    node where it has none; once. Elsewhere nothing.
-#}
{% macro distribute(table=this) %}
    {% if target.name == "citus" and execute %}
        {% if "chip_key" in model.columns %}
            select create_distributed_table('{{ table }}', 'chip_key')
        {% else %}
            select create_reference_table('{{ table }}')
        {% endif %}
        where not exists (
            select from pg_dist_partition where logicalrelid = '{{ table }}'::regclass
        );
    {% else %}
        {% do return("") %}
    {% endif %}
{% endmacro %}
