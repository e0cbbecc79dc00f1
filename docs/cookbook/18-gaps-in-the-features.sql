-- Which features are unknown, and how often?
-- Asked by: an ML engineer.
-- The features that are not listed are never null: the server holds that.
with

entries as (

    select
        entry.feature,
        entry.is_unknown
    from features.chip_month
    cross join lateral (
        values
        ('months_since_previous', months_since_previous is null),
        ('net_change_1', net_change_1 is null),
        ('net_change_3', net_change_3 is null),
        ('net_change_6', net_change_6 is null),
        ('net_change_12', net_change_12 is null),
        ('appeared_1', appeared_1 is null),
        ('appeared_3', appeared_3 is null),
        ('appeared_6', appeared_6 is null),
        ('growth_rate_3', growth_rate_3 is null),
        ('growth_rate_6', growth_rate_6 is null),
        ('growth_rate_12', growth_rate_12 is null),
        ('aoi_growth_rate_6', aoi_growth_rate_6 is null),
        ('buildings_per_occupied_cell', buildings_per_occupied_cell is null)
    ) as entry (feature, is_unknown)

)

select
    feature,
    count(*) as rows_all,
    count(*) filter (where is_unknown) as rows_unknown,
    round(100.0 * count(*) filter (where is_unknown) / count(*), 1) as unknown_percent
from entries
group by feature
order by rows_unknown desc, feature asc
