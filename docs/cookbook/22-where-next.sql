-- Where will most buildings be added in the next twelve months?
-- Asked by: a planner.
-- Medians of the newest forecast; the sums of lower and upper ends are wider than an
-- 80 % interval of the sum, since chips do not all miss to the same side.
select
    dim_aoi.name as aoi,
    count(*) as chips,
    max(current_forecast.as_of) as known_until,
    round(sum(current_forecast.q50::numeric), 1) as net_change,
    round(sum(current_forecast.q10::numeric), 1) as lower_ends,
    round(sum(current_forecast.q90::numeric), 1) as upper_ends,
    round(sum(current_forecast.baseline::numeric), 1) as plain_forecast
from ml.current_forecast
inner join marts.dim_chip using (chip_key)
inner join marts.dim_aoi using (aoi_key)
where current_forecast.horizon = 12
group by dim_aoi.aoi_key, dim_aoi.name
order by net_change desc, aoi asc
