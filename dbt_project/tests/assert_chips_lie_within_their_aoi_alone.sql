{{ config(meta={"dagster": {"ref": {"name": "dim_chip"}}}) }}

-- A chip's centre lies within its AOI's polygon and within no other. A row is a chip
-- with the AOIs that hold its centre. A chip that is gone stays in dim_chip until the
-- facts have let it go; its AOI may have shrunk by then.
select
    chips.chip_id,
    chips.aoi_key,
    array_agg(aois.aoi_key order by aois.aoi_key) as aoi_keys_around
from {{ ref("dim_chip") }} as chips
inner join {{ ref("int_chips") }} as present_chips using (chip_key)
left join {{ ref("dim_aoi") }} as aois
    on st_within(chips.centroid, aois.geom) and aois.chip_count > 0
group by chips.chip_key, chips.chip_id, chips.aoi_key
having array_agg(aois.aoi_key) is distinct from array[chips.aoi_key]
