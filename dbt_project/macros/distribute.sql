{#-
    Citus (`--target citus`) alone: spread a table by `chip_key`, or copy it to every
    node where it has none. Elsewhere nothing.
-#}
{% macro distribute(table=this) %}
    {% if target.name == "citus" and execute %}
        {% if "chip_key" in model.columns %}
            select create_distributed_table(
                '{{ table }}', 'chip_key', colocate_with => 'default'
            );
        {% else %}
            select create_reference_table('{{ table }}');
        {% endif %}
    {% else %}
        {% do return("") %}
    {% endif %}
{% endmacro %}
