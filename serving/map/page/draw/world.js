// The map: land, squares of chips, cells, and the layer of buildings over them.

import { Buildings } from "./buildings.js";
import { channels, colours, onTheme, stateColours } from "./theme.js";

const TILES = 2 ** 13;
const CELLS = 32;
const EMPTY = { type: "FeatureCollection", features: [] };
/** Nearer, the grid of the labels (1.2 m) would show as steps. */
const NEAREST = 19;

/** Probabilities from which on cells have the colours of the theme. */
export const CLASSES = [0, 0.1, 0.25, 0.5, 0.75];

/** Make the map in an element, without anything on it but land. */
export function makeWorld(element, land) {
  const map = new globalThis.maplibregl.Map({
    container: element, style: styleOf(land), center: [10, 20], zoom: 1, maxZoom: NEAREST,
    attributionControl: false, dragRotate: false, pitchWithRotate: false, touchPitch: false,
    renderWorldCopies: false, fadeDuration: 0,
  });
  map.touchZoomRotate.disableRotation();
  map.keyboard.disableRotation();
  map.addControl(new globalThis.maplibregl.NavigationControl({ showCompass: false }), "top-right");
  const buildings = new Buildings();
  map.on("load", () => {
    map.addLayer(buildings, "chosen");
    paint(map, buildings);
  });
  onTheme(() => paint(map, buildings));
  return { map, buildings };
}

/** Draw the squares of chips. */
export function showChips(map, chips) {
  const features = chips.map((chip) => square(chip.tile_x, chip.tile_y, TILES, { chip_id: chip.chip_id }));
  map.getSource("chips").setData({ type: "FeatureCollection", features });
}

/** Mark one chip, or none. */
export function choose(map, chip) {
  const features = chip ? [square(chip.tile_x, chip.tile_y, TILES, {})] : [];
  map.getSource("chosen").setData({ type: "FeatureCollection", features });
}

/** Hatch the marked chip: its month has no image. */
export function hatch(map, isHatched) {
  map.setPaintProperty("hatch", "fill-opacity", isHatched ? 0.35 : 0);
}

/** Draw the cells of a chip by their probability; none where `cells` is empty. */
export function showCells(map, chip, cells, horizon) {
  const features = cells.map((cell) =>
    square(
      chip.tile_x * CELLS + (cell.cell_no % CELLS),
      chip.tile_y * CELLS + Math.floor(cell.cell_no / CELLS),
      TILES * CELLS,
      { probability: cell.horizons.find((one) => one.horizon === horizon)?.probability ?? 0 },
    ),
  );
  map.getSource("cells").setData(features.length ? { type: "FeatureCollection", features } : EMPTY);
}

/** South-west and north-east corner of chips, degrees. */
export function boundsOf(chips) {
  const xs = chips.map((chip) => chip.tile_x);
  const ys = chips.map((chip) => chip.tile_y);
  return [
    [longitude(Math.min(...xs) / TILES), latitude((Math.max(...ys) + 1) / TILES)],
    [longitude((Math.max(...xs) + 1) / TILES), latitude(Math.min(...ys) / TILES)],
  ];
}

function styleOf(land) {
  const colour = colours();
  const source = (data) => ({ type: "geojson", data });
  return {
    version: 8,
    sources: {
      land: source(land), chips: source(EMPTY), cells: source(EMPTY), chosen: source(EMPTY),
    },
    layers: [
      { id: "sea", type: "background", paint: { "background-color": colour.sea } },
      { id: "land", type: "fill", source: "land", paint: { "fill-color": colour.land } },
      { id: "coast", type: "line", source: "land", paint: { "line-color": colour.coast, "line-width": 0.7 } },
      { id: "ground", type: "fill", source: "chips", paint: { "fill-color": colour.land } },
      { id: "cells", type: "fill", source: "cells", paint: { "fill-color": cellColour(colour), "fill-antialias": false } },
      { id: "hatch", type: "fill", source: "chosen", paint: { "fill-pattern": "hatch", "fill-opacity": 0 } },
      { id: "chips", type: "line", source: "chips", paint: { "line-color": colour.chip, "line-width": 1 } },
      { id: "chosen", type: "line", source: "chosen", paint: { "line-color": colour.chosen, "line-width": 2 } },
    ],
  };
}

function paint(map, buildings) {
  const colour = colours();
  const paints = {
    sea: ["background-color", colour.sea], land: ["fill-color", colour.land],
    coast: ["line-color", colour.coast], ground: ["fill-color", colour.land],
    cells: ["fill-color", cellColour(colour)], chips: ["line-color", colour.chip],
    chosen: ["line-color", colour.chosen],
  };
  for (const [layer, [name, value]] of Object.entries(paints)) map.setPaintProperty(layer, name, value);
  if (map.hasImage("hatch")) map.updateImage("hatch", stripes(colour.hidden));
  else map.addImage("hatch", stripes(colour.hidden));
  const { fill, line } = stateColours();
  buildings.setColours(fill, line);
}

function cellColour(colour) {
  const [first, ...others] = colour.cells;
  return ["step", ["get", "probability"], first, ...others.flatMap((one, at) => [CLASSES[at + 1], one])];
}

/** A square of slanting stripes that fits beside itself. */
function stripes(colour, size = 16) {
  const [red, green, blue] = channels(colour).map((share) => share * 255);
  const data = new Uint8Array(size * size * 4);
  for (let at = 0; at < size * size; at += 1) {
    const isOn = (at + Math.floor(at / size)) % size < 3;
    if (isOn) data.set([red, green, blue, 255], at * 4);
  }
  return { width: size, height: size, data };
}

function square(x, y, tiles, properties) {
  const [west, east] = [longitude(x / tiles), longitude((x + 1) / tiles)];
  const [north, south] = [latitude(y / tiles), latitude((y + 1) / tiles)];
  const ring = [[west, north], [west, south], [east, south], [east, north], [west, north]];
  return { type: "Feature", properties, geometry: { type: "Polygon", coordinates: [ring] } };
}

const longitude = (share) => share * 360 - 180;
const latitude = (share) => (Math.atan(Math.sinh(Math.PI * (1 - 2 * share))) * 180) / Math.PI;
