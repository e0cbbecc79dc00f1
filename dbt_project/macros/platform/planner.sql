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

{#- Post-hook: without statistics, joins with a new table are planned for no rows. -#}
{% macro analyze_new_table() %}
    {% if not is_incremental() %}analyze {{ this }}{% endif %}
{% endmacro %}
