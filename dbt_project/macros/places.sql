{#- The box of a chip (EPSG:3857), which its key tells. -#}
{% macro tile_of(chip_key) -%}
    st_tileenvelope(13, {{ chip_key }} / 8192, {{ chip_key }} % 8192)
{%- endmacro %}

{#- A geometry's centre on the globe (EPSG:4978), where distances are those of the ground. -#}
{% macro place_on_globe(geometry) -%}
    st_transform(
        st_setsrid(
            st_force3d(st_transform(st_centroid({{ geometry }}), 4326)), 4979
        ),
        4978
    )
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

{#- The box of a cell of the chip's 32 x 32 grid (EPSG:3857). -#}
{% macro box_of_cell(chip_key, cell_no) -%}
    st_tileenvelope(
        18,
        {{ chip_key }} / 8192 * 32 + {{ cell_no }} % 32,
        {{ chip_key }} % 8192 * 32 + {{ cell_no }} / 32
    )
{%- endmacro %}
