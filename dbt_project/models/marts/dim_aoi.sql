{{ config(keep_gone=true) }}

with

current_aois as (

    select
        aoi_key,
        name,
        geom,
        centroid,
        chip_count
    from {{ ref("int_aois") }}

),

-- Facts still refer to AOIs that are gone until the end of the run.
gone_aois as (

    {% if starts_anew() -%}
        select * from current_aois
        where false
    {%- else -%}
        select
            aoi_key,
            name,
            geom,
            centroid,
            0 as chip_count
        from {{ this }}
        where aoi_key not in (select aoi_key from current_aois)
    {%- endif %}

),

final as (

    select * from current_aois
    union all
    select * from gone_aois

)

select * from final
