{{ config(materialized="incremental", incremental_strategy="replace_scored") }}

with

scored_chips as (

    select
        tracker,
        chip_key,
        run_no
    from {{ ref("int_scored_chips") }}
    {% if not starts_anew() -%}
        except
        select distinct
            tracker,
            chip_key,
            run_no
        from {{ this }}
    {%- endif %}

),

image_matches as (

    select
        tracker,
        chip_key,
        time_key,
        building_ids,
        predicted_ids,
        ious,
        mismatches
    from {{ ref("stg_image_matches") }}

),

final as (

    select
        tracker,
        chip_key,
        image_matches.time_key,
        matches.match_no::integer as match_no,
        matches.building_id,
        matches.predicted_id,
        matches.iou,
        matches.mismatch,
        scored_chips.run_no
    from scored_chips
    inner join image_matches using (tracker, chip_key)
    cross join
        lateral unnest(
            image_matches.building_ids,
            image_matches.predicted_ids,
            image_matches.ious,
            image_matches.mismatches
        ) with ordinality
            as matches (building_id, predicted_id, iou, mismatch, match_no)

)

select * from final
