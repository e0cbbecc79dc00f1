{#- A command that writes tables takes away the word of an orchestrator that they are those of a
    whole build (orchestration/dbt/standing.py). -#}
{% macro forget_whole_build() %}
    {% if execute and flags.WHICH in ("build", "run", "seed", "snapshot") %}
        do $$
        begin
            if to_regclass('intermediate.whole_build') is not null then
                delete from intermediate.whole_build;
            end if;
        end
        $$
    {% endif %}
{% endmacro %}
