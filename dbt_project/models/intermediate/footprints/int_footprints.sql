{#- Forget polygons that raw no longer has, or has anew. -#}
{%- set forget_gone_polygons -%}
{%- raw -%}
{#- All that raw has is here by now: as many rows means that none is gone. -#}
{%- set is_any_gone -%}
    select
        (select count(*) from {{ this }})
        > (select count(*) from {{ ref("stg_footprints") }})
{%- endset -%}
{%- if execute and run_query(is_any_gone).columns[0].values()[0] -%}
    delete from {{ this }} as held
    where
        not exists (
            select from {{ ref("stg_footprints") }} as footprints
            where
                footprints.chip_key = held.chip_key
                and footprints.building_id = held.building_id
                and footprints.footprint_no = held.footprint_no
                and footprints.load_id = held.load_id
        )
{%- endif -%}
{%- endraw -%}
{%- endset -%}
{{ config(materialized="incremental", post_hook=forget_gone_polygons) }}
{%- set pixel_m = pixel_size_m() -%}
{#- Half of the width of the world: pi * 6378137 m (OGC 17-083r4, annex D). -#}
{%- set half_world_m = "20037508.342789244::double precision" -%}

with

-- A list of one, as the planner would parse the text again for each use. Materialized
-- it would not either, but then Citus gathers all polygons in one place.
footprints as (

    select
        chip_key,
        building_id,
        footprint_no,
        load_id,
        unnest(array[pixel_geom]) as pixel_geom,
        chip_key / 8192 as tile_x,
        chip_key % 8192 as tile_y
    from {{ ref("stg_footprints") }}
    {% if not starts_anew() %}
        -- loads come one after the other, so those of later loads are the new ones
        where load_id > (select coalesce(max(load_id), 0) from {{ this }})
    {% endif %}

),

centred as (

    select
        *,
        unnest(array[st_centroid(pixel_geom)]) as pixel_centroid
    from footprints

),

-- From the tile's pixels (origin top-left, y down) to EPSG:3857, and the sine of the
-- latitude: tanh(northing / R).
placed as (

    select
        chip_key,
        building_id,
        footprint_no,
        load_id,
        st_x(pixel_centroid) as pixel_x,
        st_y(pixel_centroid) as pixel_y,
        st_area(pixel_geom) * {{ pixel_m }} ^ 2 as mercator_m2,
        tanh(
            (
                {{ half_world_m }}
                - (tile_y * 1024 + st_y(pixel_centroid)) * {{ pixel_m }}
            ) / 6378137
        ) as sine,
        st_setsrid(
            st_affine(
                pixel_geom,
                {{ pixel_m }}, 0, 0, -{{ pixel_m }},
                tile_x * 1024 * {{ pixel_m }} - {{ half_world_m }},
                {{ half_world_m }} - tile_y * 1024 * {{ pixel_m }}
            ),
            3857
        ) as geom
    from centred

),

-- Ground area on WGS 84: cos^2 (1 - e^2) / (1 - e^2 sin^2)^2 of that in EPSG:3857.
final as (

    select
        chip_key,
        building_id,
        footprint_no,
        load_id,
        (
            least(greatest(floor(pixel_y / 32), 0), 31) * 32
            + least(greatest(floor(pixel_x / 32), 0), 31)
        )::smallint as cell_no,
        geom,
        mercator_m2 * (1 - sine ^ 2) * (1 - 0.00669437999014)
        / (1 - 0.00669437999014 * sine ^ 2) ^ 2 as area_m2
    from placed

)

select * from final
