// What is known of one chip: chart, drivers, hot spots, and tables of the same.

import { nameOf } from "../data/months.js";
import { CLASSES } from "../draw/world.js";
import { chartOf } from "./chart.js";
import { inPercent, inTenths, inWhole, make, table } from "./elements.js";

const MOST_CELLS = 10;

/** History and forecast; `failure` is why there is no forecast. */
export function forecastPart(history, answer, failure) {
  const chart = chartOf(history, answer);
  const parts = [make("h3", {}, "Buildings and forecast"), chart.element];
  if (failure) parts.push(make("p", { class: "missing" }, `No forecast: ${failure}`));
  if (answer) parts.push(...forecastWords(answer), driversOf(answer));
  parts.push(tablesOf(history, answer));
  return { element: make("section", { id: "forecast" }, ...parts), set: chart.set };
}

function forecastWords({ model_version: version, forecasts: [{ as_of: month, outside }] }) {
  const model = version === null ? "a model without a version" : `model version ${version}`;
  const words = [make("p", { class: "source" }, `By ${model}, from what was known in ${nameOf(month)}.`)];
  if (outside.length) {
    const names = outside.map(({ input }) => input).join(", ");
    words.push(make("p", { class: "missing" }, `Trust it less: outside what the model was trained on lie ${names}.`));
  }
  return words;
}

function driversOf({ unit, forecasts: [{ horizons }] }) {
  const furthest = horizons.at(-1);
  const rows = furthest.drivers.map(({ input, value, effect }) => [
    input, value === null ? "unknown" : inTenths(value), `${effect > 0 ? "+" : ""}${inTenths(effect)}`,
  ]);
  return table(`What moved the median for ${nameOf(furthest.month)}`, ["Input", "Value", `Effect (${unit})`], rows);
}

function tablesOf(history, answer) {
  const past = table("Observed months", ["Month", "Seen", "Standing", "Appeared", "Demolished", "Hidden", "In sight"],
    history.map((one) => [
      nameOf(one.month), inWhole(one.building_count), inWhole(one.corrected_count), inWhole(one.appeared),
      inWhole(one.demolished), inWhole(one.occluded), inPercent(one.usable_share),
    ]),
  );
  const parts = [make("summary", {}, "Tables of the same"), past];
  if (answer) {
    const { horizons, known_count: known } = answer.forecasts[0];
    parts.splice(1, 0, table("Forecast of the count", ["Month", "Median", "From", "To", "Plain forecast"],
      horizons.map((one) => [nameOf(one.month), ...[one.q50, one.q10, one.q90, one.baseline].map((change) => inWhole(known + change))]),
    ));
  }
  return make("details", {}, ...parts);
}

/**
 * Where building goes on.
 * @param {?Array} cells As the service answers them; null with `failure`.
 * @param {number} horizon Of the cells on the map; 0 for none.
 * @param {function(number)} choose Called with another horizon.
 */
export function cellsPart(cells, failure, horizon, choose) {
  const title = make("h3", {}, "Hot spots");
  if (!cells) return make("section", { id: "cells" }, title, make("p", { class: "missing" }, `No hot spots: ${failure}`));
  if (!cells.length) return make("section", { id: "cells" }, title, make("p", { class: "missing" }, "No cell of this chip has been forecast yet."));
  const radio = (months, words) =>
    make("label", {}, make("input", { type: "radio", name: "cells", value: months, checked: months === horizon, onchange: () => choose(months) }), words);
  const choice = make("fieldset", {}, make("legend", {}, "Chance of a new building, on the map"),
    radio(0, "none"), radio(6, "within 6 months"), radio(12, "within 12 months"));
  return make("section", { id: "cells" }, title, choice, horizon ? scale() : null, likeliest(cells, horizon || 12));
}

function scale() {
  const steps = CLASSES.map((from, at) =>
    make("li", {}, make("i", { class: `swatch cell-${at}` }), `${at ? `from ${inPercent(from)}` : "less"}`));
  return make("ul", { class: "scale" }, ...steps);
}

function likeliest(cells, horizon) {
  const chance = (cell, months) => cell.horizons.find((one) => one.horizon === months)?.probability ?? 0;
  const first = cells.toSorted((one, other) => chance(other, horizon) - chance(one, horizon)).slice(0, MOST_CELLS);
  return make("details", {}, make("summary", {}, `The ${first.length} likeliest cells`),
    table("Cells of 153 m", ["Cell", "6 months", "12 months", "Centre"],
      first.map((cell) => [
        String(cell.cell_no), inPercent(chance(cell, 6)), inPercent(chance(cell, 12)),
        `${cell.lat.toFixed(4)}, ${cell.lon.toFixed(4)}`,
      ]),
    ));
}
