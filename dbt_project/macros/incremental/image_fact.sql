{#-
    image_fact: a fact table of millions of rows that follows changed images. dbt's
    `incremental` inserts into a table that has its keys, which the server then checks row
    by row; added to a table that is full already, they are checked all at once, ten times
    faster.

    So the table is a set of partitions, lists of months: months that are new to it are put
    into a partition of their own, which is filled, keyed and then attached. In months that
    it has already, the changed images are deleted and inserted. Where more than
    `rebuild_share` of the rows have changed, all are built anew as one partition.

    The query gives the rows of `changed_images()`.
-#}
{% materialization image_fact, adapter="postgres" %}
    {{ run_hooks(pre_hooks) }}
    {% if starts_anew() %}
        {{ get_assert_columns_equivalent(sql) }}
        {% do run_query(create_image_fact()) %}
    {% elif changed_share() > config.get("rebuild_share", 0.34) %}
        {% do run_query(drop_partitions()) %}
    {% endif %}
    {% set months = changed_months() %}
    {% call statement("main") %}
        {{ assert_columns(this, columns_of_contract()) }}
        {% if months.held %}
            {{ replace_images(sql, months.held) }}
        {% endif %}
        {% if months.fresh %}
            {{ attach_months(sql, months.fresh, is_part=months.held) }}
        {% else %}
            {{ add_keys() }}
        {% endif %}
        {{ record_built_images() }}
    {% endcall %}
    {{ return(finished_in_place(this.incorporate(type="table"))) }}
{% endmaterialization %}

{#- Share of the observations to come that `changed_images` make up. -#}
{% macro changed_share() %}
    {% set query %}
        with changed as materialized (
            select * from {{ changed_images(this.identifier) }} as images
        )

        select coalesce(
            sum(images.row_count) filter (where changed.chip_key is not null)::real
            / sum(images.row_count),
            0
        )
        from {{ ref("int_chip_months") }} as images
        inner join {{ ref("int_built_images") }} as built
            on
                images.chip_key = built.chip_key
                and images.time_key = built.time_key
                and built.model = '{{ this.identifier }}'
        left join changed
            on
                images.chip_key = changed.chip_key
                and images.time_key = changed.time_key
    {% endset %}
    {% do return(run_query(query).columns[0].values()[0] | float) %}
{% endmacro %}

{#- Changed months, as lists: `held` by a partition already, and `fresh`. -#}
{% macro changed_months() %}
    {% set query %}
        with held as materialized (
            select (
                regexp_matches(
                    pg_get_expr(partitions.relpartbound, partitions.oid), '\d+', 'g'
                )
            )[1]::integer as time_key
            from pg_inherits
            inner join pg_class as partitions on pg_inherits.inhrelid = partitions.oid
            where pg_inherits.inhparent = '{{ this }}'::regclass
        ),

        changed as materialized (
            select distinct time_key
            from {{ changed_images(this.identifier) }} as images
        )

        select
            time_key,
            time_key in (select time_key from held) as is_held
        from changed
        order by time_key
    {% endset %}
    {% set months = {"held": [], "fresh": []} %}
    {% for time_key, is_held in run_query(query) %}
        {% do months["held" if is_held else "fresh"].append(time_key) %}
    {% endfor %}
    {% do return(months) %}
{% endmacro %}

{#- The table without rows and, so that nothing waits for its locks, without keys. -#}
{% macro create_image_fact() %}
    drop table if exists {{ this }} cascade;
    create table {{ this }} {{ get_table_columns_and_constraints() }}
    partition by list (time_key);
    {{ distribute() }}
{% endmacro %}

{#- Empty the table, and forget that it was built; views on it stay. -#}
{% macro drop_partitions() %}
    {% set query %}
        select inhrelid::regclass::text
        from pg_inherits
        where inhparent = '{{ this }}'::regclass
    {% endset %}
    {% for part in run_query(query).columns[0].values() %}
        drop table {{ part }};
    {% endfor %}
    delete from {{ ref("int_built_images") }} where model = '{{ this.identifier }}'
{% endmacro %}

{% macro replace_images(sql, months) %}
    with changed as materialized (
        select * from {{ changed_images(this.identifier) }} as images
    )

    delete from {{ this }} as held
    using changed
    where
        held.chip_key = changed.chip_key
        and held.time_key = changed.time_key
        and held.time_key in ({{ months | join(", ") }});

    insert into {{ this }} ({{ column_names() }})
    select {{ column_names() }} from ({{ sql }}) as fresh
    where time_key in ({{ months | join(", ") }});
{% endmacro %}

{#-
    A partition gets its rows before its keys. Attaching it has the server check the
    foreign keys of the table, all rows at once; it locks the tables that they refer to
    less than keys of the partition's own would. What proves its months saves attaching a
    scan.
-#}
{% macro attach_months(sql, months, is_part) %}
    {#- In a schema of their own, so that tools list the table alone. -#}
    {% set part = this.incorporate(
        path={"schema": "partitions", "identifier": this.identifier ~ "_" ~ months[0]}
    ) %}
    {% set months = "in (" ~ months | join(", ") ~ ")" %}
    {% set are_of_months = {"name": "are_of_months", "expression": "time_key " ~ months} %}
    {% set query %}
        select {{ column_names() }} from ({{ sql }}) as fresh
        {% if is_part -%}
            where time_key {{ months }}
        {%- endif %}
    {% endset %}
    {{ create_filled_table(part, query, check=are_of_months) }}
    {{ add_keys(part, types=["primary_key", "unique", "check"]) }}
    {{ add_keys(types=["primary_key", "unique", "check"]) }}
    {% call in_one_block() %}
        alter table {{ this }} attach partition {{ part }} for values {{ months }};
        alter table {{ part }} drop constraint {{ are_of_months.name }};
    {% endcall %}
    {{ add_keys(types=["foreign_key"]) }}
{% endmacro %}
