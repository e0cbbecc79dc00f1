// The panel beside the map: where one is, what lies there, and what cannot be told and why.

import { addressOf } from "../state.js";
import { inWhole, link, make } from "./elements.js";

/** The way to a place, each step a link. */
export function trailOf({ aoi, chip }, go) {
  const steps = [["World", { aoi: null, chip: null }]];
  if (aoi) steps.push([aoi.name, { aoi: aoi.aoi_key, chip: null }]);
  if (chip) steps.push([chip.chip_id, { chip: chip.chip_id }]);
  const items = steps.map(([name, place], at) =>
    make("li", {}, at === steps.length - 1 ? make("span", { "aria-current": "page" }, name) : link(name, addressOf(place), () => go(place))));
  return make("ol", {}, ...items);
}

/** All AOIs. */
export function worldPart(aois, chips, go) {
  if (!aois.length) return make("p", { class: "missing" }, "The warehouse has no chips yet. Load some with `make run`.");
  return make("section", {},
    make("p", {}, `${inWhole(aois.length)} areas of interest with ${inWhole(chips.length)} chips, each about 5 km wide. Choose one to see its buildings through the months.`),
    listOf("Areas of interest", aois.map((aoi) => [aoi.name, count(aoi.chip_count, "chip"), { aoi: aoi.aoi_key, chip: null }]), go));
}

/** The chips of an AOI. */
export function aoiPart(chips, go) {
  return listOf("Chips", chips.map((chip) => [chip.chip_id, count(chip.month_count, "month"), { chip: chip.chip_id }]), go);
}

function listOf(title, rows, go) {
  return make("section", {}, make("h3", {}, title),
    make("ul", { class: "places" }, ...rows.map(([name, detail, place]) =>
      make("li", {}, link([name, make("span", {}, detail)], addressOf(place), () => go(place))))));
}

/** Something is on its way. */
export const waitingPart = (words) => make("p", { class: "waiting", role: "status" }, words);

/** Something failed, and may be tried again. */
export function failurePart(words, again) {
  return make("div", { class: "failure", role: "alert" }, make("p", {}, words),
    make("button", { type: "button", onclick: again }, "Try again"));
}

/** The service asks for a key. */
export function keyPart(use) {
  const input = make("input", { id: "key", type: "password", autocomplete: "off", required: true });
  const submit = (event) => {
    event.preventDefault();
    use(input.value);
  };
  return make("form", { class: "failure", onsubmit: submit },
    make("label", { for: "key" }, "This service asks for its key."), input, make("button", {}, "Use it"));
}

const count = (number, word) => `${inWhole(number)} ${word}${number === 1 ? "" : "s"}`;
