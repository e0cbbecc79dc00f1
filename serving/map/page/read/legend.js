// What the colours mean, with the number of buildings that have each in the month shown.

import { keyOf, nameOf } from "../data/months.js";
import { APPEARED, DEMOLISHED, HALF_YEARS, HIDDEN, isSeen, NEW, STANDING } from "../data/states.js";
import { onTheme, stateColour } from "../draw/theme.js";
import { inWhole, make } from "./elements.js";

export class Legend {
  #rows = [];

  constructor(element) {
    this.element = element;
    onTheme(() => this.#paint());
  }

  /** @param months As `statesOf` gives them; null where no chip is open. */
  show(months) {
    this.months = months;
    this.element.hidden = !months;
    if (!months) return;
    this.total = make("strong", { id: "seen" });
    this.#rows = wordsOf(months).map(([state, words]) => ({
      state, swatch: make("i", { class: `swatch ${kindOf(state)}` }), words, count: make("span", { class: "count" }),
    }));
    const isNarrow = matchMedia("(max-width: 760px)").matches;
    this.element.replaceChildren(
      make("details", { open: !isNarrow },
        make("summary", {}, this.total, " buildings seen"),
        make("ul", {}, ...this.#rows.map(({ swatch, words, count }) => make("li", {}, swatch, words, count))),
      ),
    );
    this.#paint();
  }

  /** @param {number} month Counted from the chip's first one. */
  set(month) {
    const counts = this.months.counts[month];
    for (const { state, count } of this.#rows) count.textContent = inWhole(counts[state]);
    const seen = counts.reduce((sum, count, state) => (isSeen(state) ? sum + count : sum), 0);
    this.total.textContent = inWhole(seen);
  }

  #paint() {
    for (const { state, swatch } of this.#rows) swatch.style.color = stateColour(state);
  }
}

function wordsOf({ first, span }) {
  const halves = [];
  for (let half = 0; half < HALF_YEARS && half * 6 < span; half += 1) {
    const from = nameOf(keyOf(first + Math.max(half * 6, 1)));
    const isLast = half === HALF_YEARS - 1;
    const words = isLast ? `since ${from}` : `${from} to ${nameOf(keyOf(first + half * 6 + 5))}`;
    halves.push([APPEARED + half, words]);
  }
  return [
    [STANDING, "from the start, or revealed"],
    ...halves,
    [NEW, "new this month"],
    [HIDDEN, "hidden, or no image"],
    [DEMOLISHED, "demolished"],
  ];
}

const kindOf = (state) => ({ [HIDDEN]: "hatched", [DEMOLISHED]: "outlined" })[state] ?? "";
