-- Which cells of about 153 m saw most new buildings in their chip's last half year?
-- Asked by: a planner.
-- The 32 x 32 cells of a chip are the map tiles of zoom 18 within it.
with

latest_months as (

    select
        fact_chip_month.chip_key,
        max(dim_time.time_key) as time_key,
        max(dim_time.month_start) as month_start
    from marts.fact_chip_month
    inner join marts.dim_time using (time_key)
    group by fact_chip_month.chip_key

),

hottest as (

    select
        fact_cell_month.chip_key,
        fact_cell_month.cell_no,
        latest_months.time_key,
        sum(fact_cell_month.appeared) as appeared
    from marts.fact_cell_month
    inner join latest_months using (chip_key)
    inner join marts.dim_time
        on
            fact_cell_month.time_key = dim_time.time_key
            and dim_time.month_start > latest_months.month_start - interval '6 months'
    where fact_cell_month.appeared > 0
    group by
        fact_cell_month.chip_key, fact_cell_month.cell_no, latest_months.time_key
    order by
        sum(fact_cell_month.appeared) desc,
        fact_cell_month.chip_key,
        fact_cell_month.cell_no asc
    limit 20

)

select
    dim_chip.chip_id,
    hottest.cell_no,
    hottest.appeared,
    fact_cell_month.building_count as buildings_now,
    st_astext(
        st_transform(
            st_centroid(
                st_tileenvelope(
                    18,
                    dim_chip.tile_x * 32 + hottest.cell_no % 32,
                    dim_chip.tile_y * 32 + hottest.cell_no / 32
                )
            ),
            4326
        ),
        5
    ) as place
from hottest
inner join marts.dim_chip using (chip_key)
inner join marts.fact_cell_month using (chip_key, time_key, cell_no)
order by hottest.appeared desc, dim_chip.chip_id asc, hottest.cell_no asc
