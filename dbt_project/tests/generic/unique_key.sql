{#- No two rows share a key. A row is a key with the number of rows that have it. -#}
{% test unique_key(model, columns) %}
    select
        {{ columns | join(", ") }},
        count(*) as row_count
    from {{ model }}
    group by {{ columns | join(", ") }}
    having count(*) > 1
{% endtest %}
