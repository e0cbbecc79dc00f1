// How each polygon of a chip is drawn in each month, found once when the chip is opened.

import { numberOf } from "./months.js";

export const ABSENT = 0;
/** Seen, and it stood there from the first image on, or was only revealed by a later one. */
export const STANDING = 1;
/** Seen, and it appeared in this month. */
export const NEW = 2;
/** Not seen in this month, and not gone either: under cloud, or no image. */
export const HIDDEN = 3;
export const DEMOLISHED = 4;
/** Seen, and it appeared earlier: this and the codes after it, by half-years since the first image. */
export const APPEARED = 5;
export const HALF_YEARS = 5;
export const STATES = APPEARED + HALF_YEARS;

export const isSeen = (state) => state === STANDING || state === NEW || state >= APPEARED;

const WORDS = ["months_0", "months_1", "months_2", "months_3"];

/**
 * Lay out a chip's months.
 * @param {{chip, buildings}} layers Layers of a tile.
 * @returns {{first: number, span: number, observed: Array<boolean>, count: number,
 *   states: Uint8Array, counts: Array<Uint32Array>}} `first` is the first month's number;
 *   `states[month * count + polygon]`; `counts[month][state]`.
 */
export function statesOf({ chip, buildings }) {
  const seen = chip.features[0].properties;
  const span = lastBit(seen) + 1;
  const first = numberOf(seen.first_month);
  const observed = Array.from({ length: span }, (_, month) => hasBit(seen, month));
  const features = buildings ? buildings.features : [];
  const count = features.length;
  const states = new Uint8Array(span * count);
  for (const polygons of byBuilding(features)) {
    const shown = lifeOf(polygons, features, observed, first);
    shown.forEach(([polygon, state], month) => {
      if (state !== ABSENT) states[month * count + polygon] = state;
    });
  }
  return { first, span, observed, count, states, counts: countsOf(states, span, count) };
}

/** Which polygon of a building is shown in each month, and how. */
function lifeOf(polygons, features, observed, first) {
  const { state, appeared } = features[polygons[0]].properties;
  const born = appeared ? numberOf(appeared) - first : null;
  const seenIn = observed.map((_, month) =>
    polygons.find((polygon) => hasBit(features[polygon].properties, month)),
  );
  const last = seenIn.findLastIndex((polygon) => polygon !== undefined);
  let shape = null;
  let isGone = false;
  return seenIn.map((polygon, month) => {
    if (polygon !== undefined) {
      shape = polygon;
      return [polygon, seenState(born, month)];
    }
    if (shape === null) return [0, ABSENT];
    if (month > last && state === "demolished" && observed[month]) isGone = true;
    return [shape, isGone ? DEMOLISHED : HIDDEN];
  });
}

function seenState(born, month) {
  if (born === null) return STANDING;
  if (born === month) return NEW;
  return APPEARED + Math.min(Math.floor(born / 6), HALF_YEARS - 1);
}

function byBuilding(features) {
  const found = new Map();
  features.forEach(({ id }, polygon) => {
    const polygons = found.get(id);
    if (polygons) polygons.push(polygon);
    else found.set(id, [polygon]);
  });
  return found.values();
}

function countsOf(states, span, count) {
  return Array.from({ length: span }, (_, month) => {
    const counts = new Uint32Array(STATES);
    for (let at = month * count; at < (month + 1) * count; at += 1) counts[states[at]] += 1;
    return counts;
  });
}

/** Month 0 is bit 0 of the first word, month 32 bit 0 of the second; a word may be missing. */
const hasBit = (properties, month) =>
  (((properties[WORDS[month >> 5]] ?? 0) >>> (month & 31)) & 1) === 1;

function lastBit(properties) {
  for (let month = WORDS.length * 32 - 1; month > 0; month -= 1) if (hasBit(properties, month)) return month;
  return 0;
}
