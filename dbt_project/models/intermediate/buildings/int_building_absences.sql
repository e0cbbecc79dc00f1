with

lives as (

    select
        chip_key,
        building_id,
        first_ordinal,
        last_ordinal,
        seen
    from {{ ref("int_building_lives") }}

),

latest_months as (

    select
        chip_key,
        max(ordinal) as ordinal
    from {{ ref("int_chip_months") }}
    group by chip_key

),

unusable_areas as (

    select
        chip_key,
        ordinal,
        geom
    from {{ ref("int_unusable_areas") }}

),

-- What is missing from its first month to the chip's latest.
absences as {{ where_it_lies() }} (

    select
        chip_key,
        lives.building_id,
        lives.last_ordinal,
        unnest(
            int4multirange(int4range(lives.first_ordinal, latest_months.ordinal, '[]'))
            - lives.seen
        ) as months
    from lives
    inner join latest_months using (chip_key)

),

-- Its place is that of the polygon it was last seen with.
hidden_months as (

    select
        chip_key,
        building_id,
        absences.months,
        -- months of the absence before this one that were clear
        unusable_areas.ordinal - lower(absences.months) + 1 - row_number() over (
            partition by chip_key, building_id, absences.months
            order by unusable_areas.ordinal
        ) as clear_months_before
    from absences
    inner join unusable_areas using (chip_key)
    inner join {{ ref("int_footprint_histories") }} as histories
        using (chip_key, building_id)
    inner join {{ ref("int_footprints") }} as footprints
        using (chip_key, building_id, footprint_no)
    where
        absences.months @> unusable_areas.ordinal::integer
        and histories.seen @> lower(absences.months) - 1
        and st_intersects(unusable_areas.geom, st_centroid(footprints.geom))

),

-- A hidden month puts the proof off by one, unless the proof came before it.
proofs as (

    select
        chip_key,
        building_id,
        months,
        upper(months) <= absences.last_ordinal as has_returned,
        count(hidden_months.clear_months_before)::smallint as hidden_count,
        lower(months) - 1 + {{ var("demolition_months") }}
        + count(*) filter (
            where hidden_months.clear_months_before < {{ var("demolition_months") }}
        ) as proof_ordinal
    from absences
    left join hidden_months using (chip_key, building_id, months)
    group by chip_key, building_id, months, absences.last_ordinal

),

final as (

    select
        chip_key,
        building_id,
        months,
        hidden_count,
        case when months @> proof_ordinal::integer then proof_ordinal::smallint end
            as proof_ordinal,
        case
            when has_returned then 'occluded'
            when months @> proof_ordinal::integer then 'demolished'
            else 'open'
        end as kind
    from proofs

)

select * from final
