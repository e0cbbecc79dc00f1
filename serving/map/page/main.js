// Starts the page: asks what there is, makes the map, and follows the state from place to place.

import { ask, askAll, useKey } from "./data/api.js";
import { numberOf } from "./data/months.js";
import { boundsOf, choose, hatch, makeWorld, showCells, showChips } from "./draw/world.js";
import { openChip } from "./open.js";
import { Labels } from "./read/labels.js";
import { Legend } from "./read/legend.js";
import { aoiPart, failurePart, keyPart, trailOf, waitingPart, worldPart } from "./read/panel.js";
import { Timeline } from "./read/timeline.js";
import { addressOf, State } from "./state.js";

const LAND = new URL("data/land.json", import.meta.url);
const WHOLE_WORLD = [[-170, -56], [179, 76]];
const MOVE_MS = matchMedia("(prefers-reduced-motion: reduce)").matches ? 0 : 500;

const byId = (id) => document.getElementById(id);
const state = new State();
const timeline = new Timeline(byId("timeline"), (month) => state.change({ month }));
const legend = new Legend(byId("legend"));
let known = null;
let world = null;
let opened = null;
let visit = new AbortController();

async function start() {
  byId("panel").replaceChildren(waitingPart("Looking up places …"));
  try {
    const [aois, chips, { months }, land] = await Promise.all([
      askAll("aois"), askAll("chips"), ask("months"), ask(LAND),
    ]);
    known = { aois, chips, months };
    await startMap(land);
  } catch (error) {
    byId("panel").replaceChildren(error.status === 401 ? keyPart(useKeyAndStart) : failurePart(error.message, start));
    return;
  }
  state.onChange(follow);
  visitPlace(state.now);
  document.body.dataset.started = "yes";
}

function useKeyAndStart(text) {
  useKey(text);
  start();
}

/** Without WebGL 2 lists, charts and tables do without a map. */
async function startMap(land) {
  try {
    world = makeWorld(byId("map"), land);
  } catch {
    world = null;
    byId("stage").dataset.failed = "This browser cannot draw the map (it needs WebGL 2). Lists, charts and tables work without it.";
    return;
  }
  const { map } = world;
  await new Promise((loaded) => map.once("load", loaded));
  world.labels = new Labels(byId("labels"), map);
  showChips(map, known.chips);
  map.on("moveend", () => state.change({ at: whereIs(map) }));
  map.on("click", "ground", ({ features: [{ properties }] }) => {
    if (properties.chip_id !== state.now.chip) go({ chip: properties.chip_id });
  });
  map.getCanvas().setAttribute("aria-label", "Map; the lists beside it have the same places");
  // For tests, and for the curious on the console.
  globalThis.page = { map, state, buildings: world.buildings, opened: () => opened };
}

/** Show another place as a whole. */
function go(place) {
  state.change({ aoi: null, chip: null, at: null, ...place });
  byId("side").focus({ preventScroll: true }); // the link that was followed is no longer there
}

function follow(now, before) {
  if (now.chip !== before.chip || now.aoi !== before.aoi) {
    visitPlace(now);
    return;
  }
  if (now.month !== before.month) setMonth(now.month);
  if (now.cells !== before.cells) setCells(now.cells);
  if (world && now.at && now.at !== before.at && now.at.join() !== whereIs(world.map).join()) moveTo(now);
}

function placeOf({ chip: name, aoi: key }) {
  const chip = known.chips.find(({ chip_id }) => chip_id === name) ?? null;
  const aoi = known.aois.find(({ aoi_key }) => aoi_key === (chip ? chip.aoi_key : key)) ?? null;
  const chips = aoi ? known.chips.filter(({ aoi_key }) => aoi_key === aoi.aoi_key) : known.chips;
  const isUnknown = (name !== null && !chip) || (key !== null && !aoi);
  return { chip, aoi, chips, isUnknown };
}

async function visitPlace(now) {
  visit.abort();
  visit = new AbortController();
  const place = placeOf(now);
  opened = null;
  legend.show(null);
  world?.buildings.clear();
  byId("trail").replaceChildren(trailOf(place, go));
  document.title = `${(place.chip?.chip_id ?? place.aoi?.name ?? "World")} · Building growth`;
  if (world) showOnMap(now, place);
  if (place.isUnknown) {
    byId("panel").replaceChildren(failurePart("The warehouse has no such place; the link may be an old one.", () => go({})));
    return;
  }
  if (place.chip) await visitChip(now, place.chip, visit.signal);
  else visitList(now, place);
}

function visitList(now, { aoi, chips }) {
  byId("panel").replaceChildren(aoi ? aoiPart(chips, go) : worldPart(known.aois, known.chips, go));
  const most = Math.max(1, ...known.months.map(({ chip_count }) => chip_count));
  timeline.show(known.months.map(({ month, chip_count: images }) => ({
    key: month, height: images / most, hasImage: images > 0, words: `${images} of ${known.chips.length} chips have an image`,
  })));
  setMonth(nearest(now.month, known.months.map(({ month }) => month)));
}

async function visitChip(now, chip, signal) {
  const panel = byId("panel");
  panel.replaceChildren(waitingPart("Fetching buildings and history …"));
  try {
    const found = await openChip(chip, signal, { panel, cells: () => state.now.cells, chooseCells: (cells) => state.change({ cells }) });
    if (signal.aborted) return;
    opened = found;
  } catch (error) {
    if (error.name === "AbortError") return;
    panel.replaceChildren(failurePart(error.message, () => visitPlace(state.now)));
    return;
  }
  const { months, layer, marks } = opened;
  world?.buildings.show({ x: chip.tile_x, y: chip.tile_y }, layer, months);
  legend.show(months);
  timeline.show(marks);
  setMonth(nearest(state.now.month, marks.map(({ key }) => key)));
  await opened.isWhole;
  if (signal.aborted) return;
  setMonth(state.now.month);
  setCells(state.now.cells);
}

/** Nothing here asks the service for anything: all months are there already. */
function setMonth(key) {
  if (key === undefined) return;
  if (state.now.month !== key) {
    state.change({ month: key });
    return;
  }
  timeline.set(key);
  const month = opened ? numberOf(key) - opened.months.first : 0;
  if (opened) {
    legend.set(month);
    opened.setChart?.(key);
  }
  if (!world) return;
  if (opened) world.buildings.setMonth(month);
  hatch(world.map, opened !== null && !opened.months.observed[month]);
}

function setCells(horizon) {
  opened?.redrawCells?.();
  if (world) showCells(world.map, opened?.chip, (horizon && opened?.cellRows) || [], horizon);
}

function nearest(month, keys) {
  if (month === null) return keys.at(-1);
  return keys.findLast((key) => key <= month) ?? keys[0];
}

function showOnMap(now, place) {
  const { map, labels } = world;
  choose(map, place.chip);
  showCells(map, place.chip, [], 0);
  hatch(map, false);
  const named = place.aoi ? place.chips.filter((chip) => chip !== place.chip) : known.aois;
  labels.show(named.map((one) => {
    const to = place.aoi ? { chip: one.chip_id } : { aoi: one.aoi_key, chip: null };
    return { name: place.aoi ? one.chip_id : one.name, lon: one.lon, lat: one.lat, href: addressOf(to), go: () => go(to) };
  }));
  moveTo(now);
}

function moveTo(now) {
  const { map } = world;
  map.resize();
  if (now.at) {
    const [lat, lon, zoom] = now.at;
    map.jumpTo({ center: [lon, lat], zoom });
    return;
  }
  const { chip, aoi, chips } = placeOf(now);
  const bounds = aoi ? boundsOf(chip ? [chip] : chips) : WHOLE_WORLD;
  map.fitBounds(bounds, { padding: 24, maxZoom: 17, linear: true, duration: MOVE_MS });
}

function whereIs(map) {
  const { lat, lng } = map.getCenter();
  return [Number(lat.toFixed(4)), Number(lng.toFixed(4)), Number(map.getZoom().toFixed(2))];
}

addEventListener("keydown", (event) => {
  if (event.key !== "Escape" || !known) return;
  const { chip } = placeOf(state.now);
  if (chip) go({ aoi: chip.aoi_key });
  else if (state.now.aoi !== null) go({});
});

start();
