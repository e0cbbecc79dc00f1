-- How far from the densest spot of their chip do new buildings stand?
-- Asked by: a researcher.
-- Cells are numbered row by row, so their distance needs no geometry. Rings of 500 m
-- on the ground.
with

cells as (

    select
        chip_key,
        building_count,
        appeared,
        cell_no % 32 as x,
        cell_no / 32 as y,
        first_value(cell_no) over (
            partition by chip_key order by building_count desc, cell_no asc
        ) as densest
    from layers.cells

),

rings as (

    select
        cells.building_count,
        cells.appeared,
        floor(
            sqrt(
                (cells.x - cells.densest % 32) ^ 2 + (cells.y - cells.densest / 32) ^ 2
            ) * 32 * dim_chip.metres_per_pixel / 500
        )::integer as ring
    from cells
    inner join marts.dim_chip using (chip_key)

)

select
    ring * 500 as metres_from,
    (ring + 1) * 500 as metres_to,
    sum(building_count) as buildings_now,
    sum(appeared) as appeared,
    round(100.0 * sum(appeared) / nullif(sum(building_count), 0), 2)
        as appeared_percent
from rings
group by ring
order by ring
