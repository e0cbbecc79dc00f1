-- Does building follow the seasons, north and south of the equator?
-- Asked by: a researcher.
-- Only months that follow an observed month: elsewhere `appeared` spans a gap.
select
    dim_time.month,
    case when dim_chip.lat >= 0 then 'north' else 'south' end as hemisphere,
    count(*) as chip_months,
    sum(fact_chip_month.appeared) as appeared,
    round(
        1000.0 * sum(fact_chip_month.appeared)
        / nullif(sum(fact_chip_month.corrected_count), 0),
        2
    ) as appeared_per_thousand
from marts.fact_chip_month
inner join marts.dim_chip using (chip_key)
inner join marts.dim_time using (time_key)
where fact_chip_month.months_since_previous = 1
group by dim_time.month, hemisphere
order by hemisphere, dim_time.month
