{#-
    Web-mercator tiles of zoom 13 (EPSG:3857), 1024 px wide: constants and conversions.
    Half of the world's width is pi * 6378137 m (OGC 17-083r4, annex D). As `double precision`,
    since a bare literal is a `numeric`, far slower to reckon with.
-#}

{% macro pixel_size_m() %}4.777314267823516::double precision{% endmacro %}

{% macro half_world_m() %}20037508.342789244::double precision{% endmacro %}

{#- Pixel geometry (origin top-left of the tile, y down) to EPSG:3857. -#}
{% macro pixels_to_mercator(geometry, tile_x, tile_y) -%}
    st_setsrid(
        st_affine(
            {{ geometry }},
            {{ pixel_size_m() }}, 0, 0, -{{ pixel_size_m() }},
            {{ tile_x }} * 1024 * {{ pixel_size_m() }} - {{ half_world_m() }},
            {{ half_world_m() }} - {{ tile_y }} * 1024 * {{ pixel_size_m() }}
        ),
        3857
    )
{%- endmacro %}

{#- Northing (EPSG:3857, m) of a pixel row of a tile. -#}
{% macro northing_of(tile_y, pixel_y) -%}
    ({{ half_world_m() }} - ({{ tile_y }} * 1024 + {{ pixel_y }}) * {{ pixel_size_m() }})
{%- endmacro %}

{#-
    Factor from EPSG:3857 area to ground area (m2) on WGS 84 at northing y:
    cos^2 (1 - e^2) / (1 - e^2 sin^2)^2 of the latitude, whose sine is tanh(y / R).
-#}
{% macro ground_area_factor(y) -%}
    (1 - tanh({{ y }} / 6378137) ^ 2) * (1 - 0.00669437999014)
    / (1 - 0.00669437999014 * tanh({{ y }} / 6378137) ^ 2) ^ 2
{%- endmacro %}

{#- An area in whole mm2: such numbers add up to the same in any order. -#}
{% macro in_mm2(area_m2) -%}
    round({{ area_m2 }} * 1e6::double precision)
{%- endmacro %}
