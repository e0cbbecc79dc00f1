{{ config(meta={"dagster": {"ref": {"name": "dim_aoi"}}}) }}

-- A place belongs to one AOI at most. A row is a pair of AOIs that share ground; the
-- user's own AOIs must not overlap either. Tolerance: 1 m2, for rounding.
select
    aois.name,
    others.name as other_name,
    st_area(st_intersection(aois.geom, others.geom)) as shared_m2
from {{ ref("dim_aoi") }} as aois
inner join {{ ref("dim_aoi") }} as others
    on
        aois.aoi_key < others.aoi_key
        and {{ shares_area("aois.geom", "others.geom") }}
where aois.chip_count > 0 and others.chip_count > 0
