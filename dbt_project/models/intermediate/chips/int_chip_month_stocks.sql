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
        buildings,
        area_mm2
    from {{ ref("int_chip_absences") }}

),

-- Each stock, with the months in which it is there.
spans as (

    select
        chip_key,
        months,
        'seen' as stock,
        building_count as buildings,
        area_mm2
    from {{ ref("int_cell_spans") }}
    union all
    select
        chip_key,
        months,
        kind as stock,
        buildings,
        area_mm2
    from absences
    union all
    select
        chip_key,
        int4range(lower(months), coalesce(proof_ordinal, upper(months))) as months,
        'presumed' as stock,
        buildings,
        area_mm2
    from absences
    union all
    select
        chip_key,
        int4range(1, first_ordinal) as months,
        'occluded' as stock,
        1 as buildings,
        area_mm2
    from {{ ref("int_building_revelations") }}

),

-- One more where it begins, one less after it.
net_changes as (

    select
        spans.chip_key,
        list.ordinal,
        {% for stock in ["seen", "occluded", "open", "presumed"] -%}
            sum(list.sign * spans.buildings) filter (where spans.stock = '{{ stock }}')
                as {{ stock }},
        {% endfor -%}
        sum(list.sign) filter (where spans.stock = 'seen') as cells,
        sum(list.sign * spans.area_mm2) filter (where spans.stock = 'seen') as seen_mm2,
        sum(list.sign * spans.area_mm2) filter (
            where spans.stock in ('occluded', 'open')
        ) as missing_mm2,
        sum(list.sign * spans.area_mm2) filter (where spans.stock = 'presumed')
            as presumed_mm2
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
        sum(net_changes.seen_mm2) over so_far / 1e6::double precision as built_area_m2,
        (sum(net_changes.cells) over so_far)::integer as occupied_cells,
        {% for stock in ["occluded", "open", "presumed"] -%}
            coalesce(sum(net_changes.{{ stock }}) over so_far, 0)::integer
                as {{ stock }},
        {% endfor -%}
        coalesce(sum(net_changes.missing_mm2) over so_far, 0)
        / 1e6::double precision as missing_area_m2,
        coalesce(sum(net_changes.presumed_mm2) over so_far, 0)
        / 1e6::double precision as presumed_area_m2
    from chip_months
    left join net_changes using (chip_key, ordinal)
    window so_far as (partition by chip_key order by chip_months.ordinal)

)

select * from final
