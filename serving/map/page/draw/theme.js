// Colours of the map, for light and for dark surroundings; those of the page are in style.css.
// Time is one hue from pale to strong, what is new in the month shown the one other hue.

import { APPEARED, DEMOLISHED, HIDDEN, NEW, STANDING, STATES } from "../data/states.js";

const LIGHT = {
  sea: "#e3ebf1", land: "#f8f7f3", coast: "#b9c3cb", chip: "#5b6670", chosen: "#b34700",
  standing: "#9aa1a8", fresh: "#d9480f", hidden: "#7d8790", demolished: "#1f2429",
  appeared: ["#9cc4df", "#6aa5cf", "#3d84ba", "#1f629f", "#0b3c75"],
  cells: ["#efe9f6", "#c7b3e0", "#9a78c4", "#7446a5", "#4d1d80"],
};
const DARK = {
  sea: "#10161b", land: "#1d2429", coast: "#3c4850", chip: "#8d9aa5", chosen: "#ffa94d",
  standing: "#707982", fresh: "#ff922b", hidden: "#a3adb6", demolished: "#e9edf0",
  appeared: ["#1f4e79", "#2f74ad", "#5599d0", "#92c3e6", "#d3e9f9"],
  cells: ["#2b2438", "#503a73", "#7a58aa", "#a686d2", "#d8c4f2"],
};
const asked = globalThis.matchMedia("(prefers-color-scheme: dark)");

export const colours = () => (asked.matches ? DARK : LIGHT);

/** Call back whenever surroundings turn light or dark. */
export const onTheme = (change) => asked.addEventListener("change", change);

/** Colours of fills and of lines by state, for `Buildings.setColours`. */
export function stateColours() {
  const { standing, fresh, hidden, demolished, appeared } = colours();
  const fill = Array.from({ length: STATES }, () => [0, 0, 0, 0]);
  const line = Array.from({ length: STATES }, () => [0, 0, 0, 0]);
  const paint = (state, colour, inside, outside) => {
    fill[state] = [...channels(colour), inside];
    line[state] = [...channels(colour), outside];
  };
  paint(STANDING, standing, 0.85, 1);
  paint(NEW, fresh, 1, 1);
  paint(HIDDEN, hidden, 0.45, 0.35);
  paint(DEMOLISHED, demolished, 0, 0.9);
  appeared.forEach((colour, at) => paint(APPEARED + at, colour, 0.9, 1));
  return { fill, line };
}

/** Colour of each state as text, for the legend. */
export function stateColour(state) {
  const { standing, fresh, hidden, demolished, appeared } = colours();
  return { [STANDING]: standing, [NEW]: fresh, [HIDDEN]: hidden, [DEMOLISHED]: demolished }[state] ?? appeared[state - APPEARED];
}

/** Red, green and blue from 0 to 1. */
export const channels = (colour) => [1, 3, 5].map((at) => Number.parseInt(colour.slice(at, at + 2), 16) / 255);
