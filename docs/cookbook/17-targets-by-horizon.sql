-- How many training examples are there by horizon, and how is the target spread?
-- Asked by: an ML engineer.
select
    horizon,
    count(*) as examples,
    count(distinct chip_key) as chips,
    round(avg(net_change), 2) as mean,
    percentile_disc(0.1) within group (order by net_change) as tenth,
    percentile_disc(0.5) within group (order by net_change) as median,
    percentile_disc(0.9) within group (order by net_change) as ninetieth,
    round(100.0 * count(*) filter (where net_change > 0) / count(*), 1)
        as growing_percent
from features.chip_target
group by horizon
order by horizon
