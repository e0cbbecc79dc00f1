-- Where would the raw count have told the wrong story?
-- Asked by: a researcher.
-- Months in which buildings seem to vanish although they only were hidden.
select
    dim_chip.chip_id,
    fact_chip_month.time_key,
    previous.building_count as seen_before,
    fact_chip_month.building_count as seen,
    fact_chip_month.corrected_count,
    fact_chip_month.occluded,
    round(fact_chip_month.usable_share::numeric, 3) as usable_share
from marts.fact_chip_month
inner join marts.fact_chip_month as previous
    on
        fact_chip_month.chip_key = previous.chip_key
        and fact_chip_month.previous_time_key = previous.time_key
inner join marts.dim_chip on fact_chip_month.chip_key = dim_chip.chip_key
where fact_chip_month.occluded > 0
order by
    fact_chip_month.building_count - previous.building_count,
    dim_chip.chip_id,
    fact_chip_month.time_key
