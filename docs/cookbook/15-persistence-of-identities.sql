-- How many buildings keep their id from one observed month to the next?
-- Asked by: an ML engineer.
select
    dim_chip.chip_id,
    count(*) as steps,
    round(
        100.0 * sum(previous.building_count - fact_chip_month.disappeared)
        / nullif(sum(previous.building_count), 0),
        3
    ) as kept_percent,
    sum(fact_chip_month.disappeared) as disappeared,
    sum(fact_chip_month.reappeared) as reappeared
from marts.fact_chip_month
inner join marts.fact_chip_month as previous
    on
        fact_chip_month.chip_key = previous.chip_key
        and fact_chip_month.previous_time_key = previous.time_key
inner join marts.dim_chip on fact_chip_month.chip_key = dim_chip.chip_key
group by dim_chip.chip_id
order by kept_percent, dim_chip.chip_id
