{#-
    replace_scored, a strategy of dbt's `incremental`: the query gives the rows of chips that
    the table does not have of their newest scoring; they take the place of what it has of
    others. Rows of chips that are scored no more go.
-#}
{% macro get_incremental_replace_scored_sql(arguments) %}
    {% set held, fresh = arguments["target_relation"], arguments["temp_relation"] %}
    {% set columns = arguments["dest_columns"] | map(attribute="name") | join(", ") %}
    with gone as materialized (
        select distinct tracker, chip_key, run_no
        from {{ held }}
        except
        select tracker, chip_key, run_no
        from {{ ref("int_scored_chips") }}
    )

    delete from {{ held }} as held
    using gone
    where {{ same_key("held", "gone", ["tracker", "chip_key", "run_no"]) }};

    insert into {{ held }} ({{ columns }})
    select {{ columns }} from {{ fresh }};
    {{ drop_fresh(fresh) }}
{% endmacro %}
