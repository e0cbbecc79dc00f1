with

chip_months as (

    select
        chip_key,
        time_key,
        aoi_key,
        previous_time_key,
        months_since_previous
    from {{ ref("int_chip_months") }}

),

stocks as (

    select
        chip_key,
        time_key,
        building_count,
        built_area_m2,
        occupied_cells,
        occluded,
        open,
        missing_area_m2,
        presumed,
        presumed_area_m2
    from {{ ref("int_chip_month_stocks") }}

),

changes as (

    select
        chip_key,
        time_key,
        appeared,
        revealed,
        revealed_area_m2,
        reappeared,
        disappeared,
        demolished
    from {{ ref("int_chip_month_changes") }}

),

unusable_areas as (

    select
        chip_key,
        time_key,
        usable_share
    from {{ ref("int_unusable_areas") }}

),

final as (

    select
        chip_key,
        time_key,
        chip_months.aoi_key,
        chip_months.previous_time_key,
        chip_months.months_since_previous,
        stocks.building_count,
        stocks.building_count + stocks.occluded + stocks.open as corrected_count,
        stocks.built_area_m2,
        stocks.built_area_m2 + stocks.missing_area_m2 as corrected_area_m2,
        stocks.occupied_cells,
        changes.appeared,
        changes.revealed,
        changes.revealed_area_m2,
        changes.reappeared,
        changes.disappeared,
        changes.demolished,
        stocks.occluded,
        stocks.open,
        stocks.presumed,
        stocks.presumed_area_m2,
        coalesce(unusable_areas.usable_share, 1) as usable_share
    from chip_months
    inner join stocks using (chip_key, time_key)
    inner join changes using (chip_key, time_key)
    left join unusable_areas using (chip_key, time_key)

)

select * from final
