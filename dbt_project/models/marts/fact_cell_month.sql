{{
    config(
        materialized="incremental",
        incremental_strategy="replace_changed",
        follows="int_footprint_histories",
        reads_masks=true,
        post_hook="{{ record_built_images() }}",
    )
}}

with

changed_chips as materialized (

    select
        chip_key,
        first_ordinal
    from {{ changed_chips("fact_cell_month", "int_footprint_histories", true) }}
        as chips

),

chip_months as (

    select
        chip_key,
        time_key,
        months.ordinal
    from {{ ref("int_chip_months") }} as months
    inner join changed_chips using (chip_key)
    where months.ordinal >= changed_chips.first_ordinal

),

spans as (

    select
        chip_key,
        cell_no,
        months,
        building_count,
        area_mm2,
        appeared,
        revealed
    from {{ ref("int_cell_spans") }}

),

final as (

    select
        chip_key,
        chip_months.time_key,
        spans.area_mm2 / 1e6::double precision as built_area_m2,
        spans.cell_no,
        spans.building_count,
        case
            when chip_months.ordinal = lower(spans.months) then spans.appeared
            else 0::smallint
        end as appeared,
        case
            when chip_months.ordinal = lower(spans.months) then spans.revealed
            else 0::smallint
        end as revealed
    from chip_months
    inner join spans using (chip_key)
    where spans.months @> chip_months.ordinal::integer

)

select * from final
