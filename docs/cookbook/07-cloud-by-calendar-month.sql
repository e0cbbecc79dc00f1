-- In which months of the year does cloud hide most?
-- Asked by: a researcher.
select
    dim_time.month,
    count(*) as chip_months,
    count(*) filter (where fact_chip_month.occluded > 0) as chip_months_with_hidden,
    sum(fact_chip_month.occluded) as buildings_hidden,
    round(
        100.0 * sum(fact_chip_month.occluded)
        / nullif(sum(fact_chip_month.corrected_count), 0),
        3
    ) as hidden_percent,
    round(100 * avg(1 - fact_chip_month.usable_share::numeric), 2)
        as masked_percent
from marts.fact_chip_month
inner join marts.dim_time using (time_key)
group by dim_time.month
order by dim_time.month
