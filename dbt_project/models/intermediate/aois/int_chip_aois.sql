with

chips as (

    select
        chip_key,
        geom,
        centroid
    from {{ ref("int_chips") }}

),

given_aois as (

    select
        aoi_key,
        geom
    from {{ ref("stg_aois") }}

),

groups as (

    select
        chip_key,
        aoi_key
    from {{ ref("int_chip_groups") }}

),

given as (

    select distinct on (chips.chip_key)
        chips.chip_key,
        given_aois.aoi_key
    from chips
    inner join given_aois on st_within(chips.centroid, given_aois.geom)
    order by chips.chip_key, st_area(given_aois.geom), given_aois.aoi_key

),

final as (

    select
        chips.chip_key,
        coalesce(given.aoi_key, groups.aoi_key) as aoi_key,
        given.aoi_key is not null as is_given,
        chips.geom
    from chips
    inner join groups using (chip_key)
    left join given using (chip_key)

)

select * from final
