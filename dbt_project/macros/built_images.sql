{#-
    What an incremental model was built from: `int_built_images` holds a row per model
    and image, written in the transaction that writes the model's rows, so that the
    two never disagree. A run that was killed is repaired by the next.
-#}

{% macro starts_anew() %}
    {% do return(execute and (should_full_refresh() or load_cached_relation(this) is none)) %}
{% endmacro %}

{#- Pre-hook: a model that starts anew was built from nothing. -#}
{% macro forget_built_images() %}
    {% if starts_anew() %}
        delete from {{ ref("int_built_images") }} where model = '{{ this.identifier }}'
    {% else %}
        {% do return("") %}
    {% endif %}
{% endmacro %}

{#- Post-hook: the model's rows are now those of `images`. -#}
{% macro record_built_images(upstream=none) %}
    delete from {{ ref("int_built_images") }} as built
    where
        model = '{{ this.identifier }}'
        and not exists (
            select from {{ wanted_images(upstream) }}
            where
                wanted.chip_key = built.chip_key
                and wanted.time_key = built.time_key
                and wanted.version = built.version
        );
    insert into {{ ref("int_built_images") }} (model, chip_key, time_key, version)
    select '{{ this.identifier }}', chip_key, time_key, version
    from {{ changed_images(this.identifier, upstream) }} as changed
    where version is not null
{% endmacro %}

{#- The images that a model should hold: all observed ones, or those that the models
    it reads (`upstream`, a name or a list) were built from, all of them alike. -#}
{% macro wanted_images(upstream=none) %}
    {%- if upstream is none -%}
        {{ ref("int_chip_months") }} as wanted
    {%- else -%}
        {%- set models = [upstream] if upstream is string else upstream -%}
        (
            select
                chip_key,
                time_key,
                min(version) as version
            from {{ ref("int_built_images") }}
            where model in ('{{ models | join("', '") }}')
            group by chip_key, time_key
            having count(*) = {{ models | length }} and min(version) = max(version)
        ) as wanted
    {%- endif -%}
{% endmacro %}

{#- Subquery: images that `model_name` was not built from as they are now; `version` is
    null where an image is gone. -#}
{% macro changed_images(model_name, upstream=none) %}
    (
        select
            chip_key,
            time_key,
            wanted.version
        from {{ wanted_images(upstream) }}
        full outer join (
            select
                chip_key,
                time_key,
                version
            from {{ ref("int_built_images") }}
            where model = '{{ model_name }}'
        ) as built using (chip_key, time_key)
        where wanted.version is distinct from built.version
    )
{% endmacro %}

{#- Subquery: chips with such images, and the first month that changed. The months
    before it stay as they are; everything from it on is built again, since a life
    that goes on past it may have changed. -#}
{% macro changed_chips(model_name, upstream=none) %}
    (
        select
            changed.chip_key,
            changed.time_key as first_time_key,
            (1 + count(earlier.time_key))::smallint as first_ordinal
        from (
            select
                chip_key,
                min(time_key) as time_key
            from {{ changed_images(model_name, upstream) }} as images
            group by chip_key
        ) as changed
        left join {{ ref("int_chip_months") }} as earlier
            on
                changed.chip_key = earlier.chip_key
                and changed.time_key > earlier.time_key
        group by changed.chip_key, changed.time_key
    )
{% endmacro %}

{#- Condition on spells or lives joined to `changed_chips`: they begin or end in their chip's
    first changed month or later. The first of all such months is asked for alone, as most
    rows need no more. -#}
{% macro ends_since_change(spells, begin="first_ordinal") -%}
    greatest({{ spells }}.{{ begin }}, {{ spells }}.last_ordinal + 1)
    >= changed_chips.first_ordinal
    and greatest({{ spells }}.{{ begin }}, {{ spells }}.last_ordinal + 1)
    >= (select min(first_ordinal) from changed_chips)
{%- endmacro %}

{#- Condition on raw observations of the months in `images`: skips what lies before them.
    Their index is a BRIN, which the planner rates by the order of a column in the table,
    so it needs the first one; it takes a subquery's month for one that many rows follow. -#}
{% macro since_first_of(images) %}
    chip_key >= 0
    and time_key >= (select min(time_key) from {{ images }})
{% endmacro %}

{#- The first month of all that changed, as a number, by which the planner finds the few
    rows after it; the latest month there can be where nothing changed. -#}
{% macro first_changed_month(model_name, upstream=none) %}
    {% set query %}
        select coalesce(min(first_time_key), 999912)
        from {{ changed_chips(model_name, upstream) }} as changed
    {% endset %}
    {% do return(run_query(query).columns[0].values()[0] if execute else 999912) %}
{% endmacro %}
