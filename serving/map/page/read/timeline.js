// The months: a slider that plays, with a mark for each month, hatched where there is no image.

import { nameOf } from "../data/months.js";
import { make } from "./elements.js";

const STEP_MS = 600;

export class Timeline {
  #months = [];
  #timer = 0;

  /** @param {Element} form Filled. @param go Called with the key of another month. */
  constructor(form, go) {
    this.go = go;
    this.slider = make("input", {
      type: "range", min: 0, max: 0, step: 1, value: 0, "aria-label": "Month",
      oninput: () => this.#moved(Number(this.slider.value)),
    });
    this.button = make("button", { type: "button", onclick: () => this.#playOrPause() }, "Play");
    this.said = make("output", {});
    this.marks = make("div", { class: "marks", "aria-hidden": "true" });
    form.replaceChildren(this.button, make("div", { class: "track" }, this.marks, this.slider), this.said);
    form.addEventListener("submit", (event) => event.preventDefault());
  }

  /** @param {Array<{key, height, hasImage, words}>} months `height` from 0 to 1. */
  show(months) {
    this.pause();
    this.#months = months;
    this.slider.max = Math.max(months.length - 1, 0);
    this.slider.disabled = this.button.disabled = months.length < 2;
    this.marks.replaceChildren(
      ...months.map(({ height, hasImage }) => {
        const mark = make("i", { class: hasImage ? "" : "no-image" });
        mark.style.height = `${Math.round(15 + 85 * (hasImage ? height : 1))}%`;
        return mark;
      }),
    );
  }

  /** Mark the month shown. */
  set(key) {
    const place = this.#months.findIndex((month) => month.key === key);
    if (place < 0) return;
    const words = `${nameOf(key)}, ${this.#months[place].words}`;
    this.slider.value = place;
    this.slider.setAttribute("aria-valuetext", words);
    this.said.textContent = words;
    for (const mark of this.marks.querySelectorAll(".now")) mark.classList.remove("now");
    this.marks.children[place].classList.add("now");
  }

  pause() {
    clearInterval(this.#timer);
    this.#timer = 0;
    this.button.textContent = "Play";
  }

  #playOrPause() {
    if (this.#timer) {
      this.pause();
      return;
    }
    this.button.textContent = "Pause";
    if (Number(this.slider.value) === this.#months.length - 1) this.go(this.#months[0].key);
    this.#timer = setInterval(() => this.#next(), STEP_MS);
  }

  #next() {
    const place = Number(this.slider.value) + 1;
    if (place < this.#months.length) this.go(this.#months[place].key);
    if (place >= this.#months.length - 1) this.pause();
  }

  #moved(place) {
    this.pause();
    this.go(this.#months[place].key);
  }
}
