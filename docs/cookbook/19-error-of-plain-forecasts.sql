-- How wrong is it to forecast no change, or the pace of the past year?
-- Asked by: an ML engineer.
-- Any model has to beat these. Rows without a known past year are left out.
select
    chip_target.horizon,
    count(*) as forecasts,
    round(avg(abs(chip_target.net_change)), 2) as error_no_change,
    round(
        avg(
            abs(
                chip_target.net_change
                - chip_month.net_change_12 * chip_target.horizon / 12.0
            )
        ),
        2
    ) as error_past_pace
from features.chip_target
inner join features.chip_month using (chip_key, as_of)
where chip_month.net_change_12 is not null
group by chip_target.horizon
order by chip_target.horizon
