{#-
    Pre-hook: joins on keys of several columns: the planner expects one row, and would loop
    or sort what it had better hash. Models run side by side and take the cores; workers
    would only slow the longest one.
-#}
{% macro plan_for_hashes() %}
    set local enable_nestloop = off;
    set local enable_mergejoin = off;
    set local enable_memoize = off;
    set local max_parallel_workers_per_gather = 0
{% endmacro %}

{#- Pre-hook after it: what changed is looked up by keys, unless that is everything. -#}
{% macro plan_for_lookups() %}
    {% if starts_anew() %}{% do return("") %}{% endif %}
    set local enable_nestloop = on
{% endmacro %}

{#- Subquery: a value of the row before it, worked out once; else the planner puts the
    expression in place of each use. -#}
{% macro once(expression, column) -%}
    lateral (select {{ expression }} as {{ column }} limit 1)
{%- endmacro %}
