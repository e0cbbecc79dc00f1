-- Where and when were buildings demolished?
-- Asked by: a planner.
select
    dim_aoi.name as aoi,
    dim_time.month_start,
    sum(fact_chip_month.demolished) as demolished,
    sum(fact_chip_month.appeared) as appeared
from marts.fact_chip_month
inner join marts.dim_aoi using (aoi_key)
inner join marts.dim_time using (time_key)
where fact_chip_month.demolished > 0
group by dim_aoi.name, dim_time.month_start
order by demolished desc, dim_aoi.name asc, dim_time.month_start asc
