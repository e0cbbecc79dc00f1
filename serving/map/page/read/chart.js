// The fan chart: what was counted, and behind it the forecast with its interval and baseline.

import { keyOf, nameOf, numberOf } from "../data/months.js";
import { draw, inPercent, inWhole, make } from "./elements.js";

const WIDTH = 400;
const HEIGHT = 230;
const EDGE = { left: 48, right: 26, top: 8, bottom: 24 };

/**
 * Draw a chip's history and forecast.
 * @param {Array} history Observed months, as the service answers them.
 * @param {?object} answer A forecast as the service answers it; null without one.
 * @returns {{element: Element, set: function(number)}} `set` marks a month by its key.
 */
export function chartOf(history, answer) {
  const fan = answer ? fanOf(answer) : [];
  const months = history.map(({ month }) => numberOf(month));
  const first = months[0];
  const last = fan.length ? fan.at(-1).month : months.at(-1);
  const values = [...history.flatMap((one) => [one.building_count, one.corrected_count]), ...fan.flatMap(({ q10, q90, baseline }) => [q10, q90, baseline])];
  const steps = stepsOf(Math.min(...values), Math.max(...values));
  const x = (month) => EDGE.left + ((month - first) / Math.max(last - first, 1)) * (WIDTH - EDGE.left - EDGE.right);
  const y = (value) => HEIGHT - EDGE.bottom - ((value - steps[0]) / (steps.at(-1) - steps[0])) * (HEIGHT - EDGE.top - EDGE.bottom);
  const cursor = draw("line", { class: "cursor", y1: EDGE.top, y2: HEIGHT - EDGE.bottom });
  const element = draw("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", "aria-label": wordsOf(history, answer) },
    ...gridOf(steps, x, y, first, last),
    ...gapsOf(months, x),
    ...(fan.length ? fanShapes(fan, x, y) : []),
    path("corrected", history.map((one, at) => [months[at], one.corrected_count]), x, y),
    ...history.map((one, at) => draw("circle", { class: "seen", cx: x(months[at]), cy: y(one.building_count), r: 2.5 })),
    cursor,
  );
  const set = (key) => {
    cursor.setAttribute("x1", x(numberOf(key)));
    cursor.setAttribute("x2", x(numberOf(key)));
  };
  return { element: make("figure", {}, element, keyTo(answer)), set };
}

/** From changes to counts; it opens at the last month that the forecast knows. */
function fanOf({ forecasts: [forecast] }) {
  const known = forecast.known_count;
  const start = { month: numberOf(forecast.as_of), q10: known, q50: known, q90: known, baseline: known };
  const later = forecast.horizons.map((one) => ({
    month: numberOf(one.month), q10: known + one.q10, q50: known + one.q50, q90: known + one.q90,
    baseline: known + one.baseline,
  }));
  return [start, ...later];
}

function fanShapes(fan, x, y) {
  const edge = [...fan.map(({ month, q90 }) => [month, q90]), ...fan.toReversed().map(({ month, q10 }) => [month, q10])];
  const points = edge.map(([month, value]) => `${x(month)},${y(value)}`).join(" ");
  return [
    draw("polygon", { class: "interval", points }),
    path("baseline", fan.map(({ month, baseline }) => [month, baseline]), x, y),
    path("median", fan.map(({ month, q50 }) => [month, q50]), x, y),
  ];
}

function path(kind, points, x, y) {
  const d = points.map(([month, value], at) => `${at ? "L" : "M"}${x(month).toFixed(1)} ${y(value).toFixed(1)}`).join("");
  return draw("path", { class: kind, d });
}

/** Months without an image are hatched: nothing is known of them. */
function gapsOf(months, x) {
  const seen = new Set(months);
  const gaps = [];
  for (let month = months[0]; month < months.at(-1); month += 1) {
    if (!seen.has(month)) gaps.push(draw("rect", { class: "gap", x: x(month - 0.5), width: x(1) - x(0), y: EDGE.top, height: HEIGHT - EDGE.top - EDGE.bottom }));
  }
  const hatch = draw("pattern", { id: "gaps", width: 6, height: 6, patternUnits: "userSpaceOnUse", patternTransform: "rotate(45)" }, draw("rect", { class: "stripe", width: 2, height: 6 }));
  return [draw("defs", {}, hatch), ...gaps];
}

function gridOf(steps, x, y, first, last) {
  const lines = steps.flatMap((value) => [
    draw("line", { class: "grid", x1: EDGE.left, x2: WIDTH - EDGE.right, y1: y(value), y2: y(value) }),
    draw("text", { x: EDGE.left - 6, y: y(value) + 4, "text-anchor": "end" }, inWhole(value)),
  ]);
  const every = [6, 12, 24, 60].find((one) => (last - first) / one <= 6) ?? 120;
  for (let month = Math.ceil(first / every) * every; month <= last; month += every) {
    lines.push(draw("text", { x: x(month), y: HEIGHT - 8, "text-anchor": "middle" }, nameOf(keyOf(month))));
  }
  return lines;
}

/** Round numbers from below the least to above the greatest value. */
function stepsOf(least, greatest) {
  const rough = Math.max(greatest - least, 1) / 4;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = Math.max([1, 2, 5, 10].find((one) => one * power >= rough) * power, 1);
  const start = Math.floor(least / step) * step;
  const count = Math.max(Math.ceil((greatest - start) / step), 1);
  return Array.from({ length: count + 1 }, (_, at) => start + at * step);
}

function keyTo(answer) {
  const words = [["seen", "buildings seen"], ["corrected", "standing, corrected for clouds"]];
  if (answer) {
    words.push(["median", "forecast, median"], ["interval", `${inPercent(answer.interval)} interval`]);
    words.push(["baseline", `plain forecast (${answer.baseline.replaceAll("_", " ")})`]);
  }
  return make("figcaption", {}, ...words.map(([kind, text]) => make("span", {}, make("i", { class: `key ${kind}` }), text)));
}

function wordsOf(history, answer) {
  const [start, end] = [history[0], history.at(-1)];
  const past = `Buildings seen: ${inWhole(start.building_count)} in ${nameOf(start.month)}, ${inWhole(end.building_count)} in ${nameOf(end.month)}.`;
  if (!answer) return past;
  const { month, q10, q50, q90 } = fanOf(answer).at(-1);
  return `${past} Forecast for ${nameOf(keyOf(month))}: ${inWhole(q50)}, with ${inPercent(answer.interval)} between ${inWhole(q10)} and ${inWhole(q90)}. The tables below have all of it.`;
}
