// Opens a chip: its tile and history at once, forecast and hot spots as they come.

import { ask } from "./data/api.js";
import { between, keyOf } from "./data/months.js";
import { statesOf } from "./data/states.js";
import { readTile } from "./data/tile.js";
import { cellsPart, forecastPart } from "./read/chip.js";
import { inWhole, make } from "./read/elements.js";
import { waitingPart } from "./read/panel.js";

/**
 * Fetch a chip and fill the panel.
 * @param {object} chip As the service answers it.
 * @param {AbortSignal} signal Ends it where another place is visited meanwhile.
 * @param {{panel: Element, cells: function, chooseCells: function}} page `cells` tells the horizon
 *   of the cells on the map, `chooseCells` changes it.
 * @returns {Promise<object>} `months` as `statesOf` gives them, `layer` of the buildings, `marks`
 *   for the timeline; `isWhole` is kept once forecast and cells are there or known to be missing:
 *   then `setChart`, `cellRows` and `redrawCells` are set.
 */
export async function openChip(chip, signal, page) {
  const name = encodeURIComponent(chip.chip_id);
  const forecast = settled(ask(`chips/${name}/forecast`, { signal }));
  const cells = settled(ask(`cells?chip_id=${name}`, { signal }));
  const [bytes, { months: history }] = await Promise.all([
    ask(`tiles/buildings/13/${chip.tile_x}/${chip.tile_y}`, { signal, as: "bytes" }),
    ask(`chips/${name}/history`, { signal }),
  ]);
  if (!bytes || !history.length) throw new Error("No month of this chip has been loaded yet.");
  const layers = readTile(bytes);
  const months = statesOf(layers);
  const opened = {
    chip, months, layer: layers.buildings ?? { extent: 4096, features: [] }, marks: marksOf(months, history),
  };
  opened.isWhole = fillPanel(opened, page, history, { forecast, cells }, signal);
  return opened;
}

async function fillPanel(opened, { panel, cells, chooseCells }, history, asked, signal) {
  const { aoi_name: aoi, month_count: count } = opened.chip;
  panel.replaceChildren(
    make("h2", {}, opened.chip.chip_id),
    make("p", {}, `${aoi}; ${inWhole(count)} months with an image.`),
    waitingPart("Asking for forecast and hot spots …"),
  );
  const [forecast, found] = await Promise.all([asked.forecast, asked.cells]);
  if (signal.aborted) return;
  const forecasts = forecastPart(history, forecast.answer, forecast.failure);
  const part = () => cellsPart(found.answer?.cells ?? null, found.failure, cells(), chooseCells);
  panel.querySelector(".waiting").remove();
  panel.append(forecasts.element, part());
  opened.setChart = forecasts.set;
  opened.cellRows = found.answer?.cells ?? [];
  opened.redrawCells = () => redraw(panel, part());
}

/** Put a part in the place of its older self; what was open stays so, what had the focus has it. */
function redraw(panel, part) {
  const before = panel.querySelector(`#${part.id}`);
  const details = part.querySelector("details");
  if (details) details.open = before.querySelector("details")?.open ?? false;
  const focused = before.contains(document.activeElement) ? document.activeElement.value : null;
  before.replaceWith(part);
  part.querySelector(`input[value="${focused}"]`)?.focus();
}

/** An answer or why there is none, without throwing. */
async function settled(promise) {
  try {
    return { answer: await promise, failure: null };
  } catch (error) {
    return { answer: null, failure: error.message };
  }
}

function marksOf({ first, span, observed }, history) {
  const byMonth = new Map(history.map((one) => [one.month, one.building_count]));
  const most = Math.max(1, ...byMonth.values());
  return between(keyOf(first), keyOf(first + span - 1)).map((key, month) => ({
    key, height: (byMonth.get(key) ?? 0) / most, hasImage: observed[month],
    words: observed[month] ? `${inWhole(byMonth.get(key) ?? 0)} buildings seen` : "no image",
  }));
}
