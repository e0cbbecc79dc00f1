with

chips as (

    select
        chip_key,
        lon,
        lat
    from {{ ref("int_chips") }}
    order by chip_key

),

grouped as (

    select
        chip_key,
        st_clusterkmeans(
            st_transform(st_setsrid(st_makepoint(lon, lat, 0), 4979), 4978),
            least({{ var("aoi_count") }}, (select count(*) from chips))::integer
        ) over () as group_no
    from chips

),

final as (

    select
        chip_key,
        min(chip_key) over (partition by group_no) as aoi_key
    from grouped

)

select * from final
