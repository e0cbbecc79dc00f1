with

chip_months as (

    select
        chip_key,
        time_key,
        ordinal
    from {{ ref("int_chip_months") }}

),

absences as (

    select
        chip_key,
        months,
        proof_ordinal,
        kind,
        count(*) as buildings
    from {{ ref("int_building_absences") }}
    group by chip_key, months, proof_ordinal, kind

),

-- Each thing that is counted, with the months in which it is there.
spans as (

    select
        chip_key,
        months,
        building_count as seen,
        area_mm2,
        1 as cells,
        0 as occluded,
        0 as open,
        0 as presumed
    from {{ ref("int_cell_spans") }}
    union all
    select
        chip_key,
        months,
        0 as seen,
        0 as area_mm2,
        0 as cells,
        case when kind = 'occluded' then buildings else 0 end as occluded,
        case when kind = 'open' then buildings else 0 end as open,
        0 as presumed
    from absences
    union all
    select
        chip_key,
        int4range(lower(months), coalesce(proof_ordinal, upper(months))) as months,
        0 as seen,
        0 as area_mm2,
        0 as cells,
        0 as occluded,
        0 as open,
        buildings as presumed
    from absences
    union all
    select
        chip_key,
        int4range(1, first_ordinal) as months,
        0 as seen,
        0 as area_mm2,
        0 as cells,
        1 as occluded,
        0 as open,
        0 as presumed
    from {{ ref("int_building_revelations") }}

),

-- One more where it begins, one less after it.
net_changes as (

    select
        spans.chip_key,
        list.ordinal,
        sum(list.sign * spans.seen) as seen,
        sum(list.sign * spans.area_mm2) as area_mm2,
        sum(list.sign * spans.cells) as cells,
        sum(list.sign * spans.occluded) as occluded,
        sum(list.sign * spans.open) as open,
        sum(list.sign * spans.presumed) as presumed
    from spans
    cross join
        lateral (values (lower(spans.months), 1), (upper(spans.months), -1))
            as list (ordinal, sign)
    group by spans.chip_key, list.ordinal

),

final as (

    select
        chip_key,
        chip_months.time_key,
        (sum(net_changes.seen) over so_far)::integer as building_count,
        sum(net_changes.area_mm2) over so_far / 1e6::double precision as built_area_m2,
        (sum(net_changes.cells) over so_far)::integer as occupied_cells,
        (sum(net_changes.occluded) over so_far)::integer as occluded,
        (sum(net_changes.open) over so_far)::integer as open,
        (sum(net_changes.presumed) over so_far)::integer as presumed
    from chip_months
    left join net_changes using (chip_key, ordinal)
    window so_far as (partition by chip_key order by chip_months.ordinal)

)

select * from final
