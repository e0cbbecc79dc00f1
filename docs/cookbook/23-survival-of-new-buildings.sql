-- How many buildings that were first seen in each quarter are gone by now?
-- Asked by: a researcher.
with

first_months as (

    select
        first_seen as time_key,
        count(*) as buildings,
        count(*) filter (where state = 'standing') as standing,
        count(*) filter (where state = 'demolished') as demolished,
        count(*) filter (where state = 'open') as open
    from marts.dim_building
    group by first_seen

)

select
    date_trunc('quarter', dim_time.month_start)::date as first_seen_quarter,
    sum(first_months.buildings) as buildings,
    sum(first_months.standing) as standing,
    sum(first_months.demolished) as demolished,
    sum(first_months.open) as open,
    round(100.0 * sum(first_months.demolished) / sum(first_months.buildings), 3)
        as demolished_percent
from first_months
inner join marts.dim_time using (time_key)
group by first_seen_quarter
order by first_seen_quarter
