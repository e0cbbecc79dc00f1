{#-
    The ledger of incremental models: `int_built_images` has a row per model and image
    that it was built from, written in the transaction that writes the model's rows, so
    that the two never disagree. A run that was killed is repaired by the next.
-#}

{#- Whether the model's table is to be made: the first time, or by a full refresh. -#}
{% macro starts_anew() %}
    {% do return(execute and (should_full_refresh() or load_cached_relation(this) is none)) %}
{% endmacro %}

{#- Images that a model was built from; without a name, those that are observed. -#}
{% macro images_of(model_name=none) -%}
    {% if model_name is none -%}
        {{ ref("int_chip_months") }}
    {%- else -%}
        (select * from {{ ref("int_built_images") }} where model = '{{ model_name }}')
    {%- endif %}
{%- endmacro %}

{#- Condition: an image of `images` is not the one that `built` tells of. -#}
{% macro is_other_version(reads_masks) -%}
    (
        {% for column in ["load_id", "aoi_key"] + (["mask_version"] if reads_masks else []) -%}
            {{ "or " if not loop.first }}images.{{ column }} is distinct from built.{{ column }}
        {% endfor -%}
    )
{%- endmacro %}

{#-
    Subquery: images that a model was not built from as they are now, beside those of
    `follows`, the model it is built on, if there is one; all where it starts anew. Only
    a model that `reads_masks` has images changed by their mask alone. `load_id` is null
    where an image is gone.
-#}
{% macro changed_images(model_name, follows=none, reads_masks=false) %}
    (
        select
            chip_key,
            time_key,
            images.load_id,
            images.aoi_key
        from {{ images_of(follows) }} as images
        {% if not starts_anew() -%}
            full outer join {{ images_of(model_name) }} as built using (chip_key, time_key)
            where {{ is_other_version(reads_masks) }}
        {%- endif %}
    )
{% endmacro %}

{#- Subquery: chips with such images, and the first month that changed. What lies before
    it stays; all from it on is built again. Of the images, the ledger's rows, all are taken
    before they are reckoned with: Citus joins no table to what it has grouped. -#}
{% macro changed_chips(model_name, follows=none, reads_masks=false) %}
    (
        with images as materialized (
            select
                chip_key,
                time_key,
                {% if starts_anew() -%}
                    true as is_changed
                {%- else -%}
                    {{ is_other_version(reads_masks) }} as is_changed
                {%- endif %}
            from {{ images_of(follows) }} as images
            {% if not starts_anew() -%}
                full outer join {{ images_of(model_name) }} as built
                    using (chip_key, time_key)
            {%- endif %}
        )

        select
            chip_key,
            first_time_key,
            (1 + count(*) filter (where time_key < first_time_key))::integer
                as first_ordinal
        from (
            select
                *,
                min(time_key) filter (where is_changed) over (
                    partition by chip_key
                ) as first_time_key
            from images
        ) as dated
        where first_time_key is not null
        group by chip_key, first_time_key
    )
{% endmacro %}

{#- Condition on raw observations: skips what lies before the first of the months in
    `changed`. Their index is a BRIN, which the planner rates by the order of a column in
    the table, so it needs the first one; it takes a subquery's month for one that many
    rows follow. A model that starts anew reads them all. -#}
{% macro since_first_of(changed, column="time_key") -%}
    {%- if starts_anew() -%}
        true
    {%- else -%}
        chip_key >= 0
        and time_key >= (select min({{ column }}) from {{ changed }})
    {%- endif -%}
{%- endmacro %}

{#- Post-hook: the model's rows are now those of all images it should hold. -#}
{% macro record_built_images() %}
    delete from {{ ref("int_built_images") }} where model = '{{ this.identifier }}';
    insert into {{ ref("int_built_images") }} (
        model, chip_key, time_key, load_id, aoi_key, mask_version
    )
    select
        '{{ this.identifier }}' as model,
        chip_key,
        time_key,
        load_id,
        aoi_key,
        mask_version
    from {{ images_of(config.get("follows")) }} as images
{% endmacro %}
