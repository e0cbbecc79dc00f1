with

chip_months as (

    select
        chip_key,
        time_key,
        ordinal
    from {{ ref("int_chip_months") }}

),

lives as (

    select
        chip_key,
        building_id,
        first_ordinal
    from {{ ref("int_building_lives") }}
    where first_ordinal > 1

),

absences as {{ where_it_lies() }} (

    select
        chip_key,
        months,
        kind
    from {{ ref("int_building_absences") }}

),

revelations as (

    select
        chip_key,
        building_id,
        area_mm2
    from {{ ref("int_building_revelations") }}

),

flows as (

    select
        chip_key,
        lives.first_ordinal as ordinal,
        case
            when revelations.building_id is null then 'appeared'
            else 'revealed'
        end as flow,
        revelations.area_mm2
    from lives
    left join revelations using (chip_key, building_id)
    union all
    select
        chip_key,
        lower(months) as ordinal,
        'disappeared' as flow,
        null as area_mm2
    from absences
    union all
    select
        chip_key,
        lower(months) as ordinal,
        'demolished' as flow,
        null as area_mm2
    from absences
    where kind = 'demolished'
    union all
    select
        chip_key,
        upper(months) as ordinal,
        'reappeared' as flow,
        null as area_mm2
    from absences
    where kind = 'occluded'

),

final as (

    select
        chip_key,
        chip_months.time_key,
        count(*) filter (where flows.flow = 'appeared')::integer as appeared,
        count(*) filter (where flows.flow = 'revealed')::integer as revealed,
        coalesce(sum(flows.area_mm2) / 1e6::double precision, 0) as revealed_area_m2,
        count(*) filter (where flows.flow = 'reappeared')::integer as reappeared,
        count(*) filter (where flows.flow = 'disappeared')::integer as disappeared,
        count(*) filter (where flows.flow = 'demolished')::integer as demolished
    from chip_months
    left join flows using (chip_key, ordinal)
    group by chip_key, chip_months.time_key

)

select * from final
