-- Which chips have months in which nothing was observed, and how long are the gaps?
-- Asked by: a researcher.
-- No row in fact_chip_month means not observed; it never means no buildings.
with

gaps as (

    select
        chip_key,
        previous_time_key,
        time_key,
        months_since_previous - 1 as months_missing
    from marts.fact_chip_month
    where months_since_previous > 1

)

select
    dim_aoi.name as aoi,
    dim_chip.chip_id,
    sum(gaps.months_missing) as months_missing,
    max(gaps.months_missing) as longest_gap,
    string_agg(
        gaps.previous_time_key || ' to ' || gaps.time_key,
        ', ' order by gaps.time_key
    ) as gaps
from gaps
inner join marts.dim_chip using (chip_key)
inner join marts.dim_aoi using (aoi_key)
group by dim_aoi.name, dim_chip.chip_id
order by months_missing desc, dim_chip.chip_id asc
