{{ config(meta={"dagster": {"ref": {"name": "dim_chip"}}}) }}

-- Labels lie on their chip's tile. A row is a chip whose labels do not. Tolerance:
-- 64 px; buildings at the edge reach up to 6 px beyond it in the real data.
select
    chip_id,
    st_astext(label_extent, 0) as label_extent,
    st_astext(geom, 0) as tile
from {{ ref("dim_chip") }}
where not st_within(label_extent, st_expand(geom, 64 * {{ pixel_size_m() }}))
