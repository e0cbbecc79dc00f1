{#-
    Web-mercator tiles of zoom 13 (EPSG:3857), 1024 px wide, and areas on them. Literals
    are `double precision`: a bare one is a `numeric`, far slower to reckon with.
-#}

{% macro pixel_size_m() %}4.777314267823516::double precision{% endmacro %}

{#- The box of a chip, which its key tells. -#}
{% macro tile_of(chip_key) -%}
    st_tileenvelope(13, {{ chip_key }} / 8192, {{ chip_key }} % 8192)
{%- endmacro %}

{#-
    Whether two polygons overlap. Tiles and hulls meet in points that rounding moves by
    nanometres, so a square metre in common is none.
-#}
{% macro shares_area(one, other) -%}
    (
        st_intersects({{ one }}, {{ other }})
        and st_area(st_intersection({{ one }}, {{ other }})) > 1
    )
{%- endmacro %}

{#- An area in whole mm2: such numbers add up to the same in any order. -#}
{% macro in_mm2(area_m2) -%}
    round({{ area_m2 }} * 1e6::double precision)
{%- endmacro %}
