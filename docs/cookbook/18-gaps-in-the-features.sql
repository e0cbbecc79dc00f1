-- Which features are unknown, and how often?
-- Asked by: an ML engineer.
with

entries as (

    select
        entry.key as feature,
        entry.value
    from features.chip_month
    cross join lateral jsonb_each(to_jsonb(chip_month)) as entry

)

select
    feature,
    count(*) as rows_all,
    count(*) filter (where value = 'null'::jsonb) as rows_unknown,
    round(100.0 * count(*) filter (where value = 'null'::jsonb) / count(*), 1)
        as unknown_percent
from entries
group by feature
order by rows_unknown desc, feature asc
