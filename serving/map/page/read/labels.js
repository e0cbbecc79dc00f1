// Names of places as HTML over the map: they need no fonts of the map's and can be read aloud.

import { link, make } from "./elements.js";

export class Labels {
  #places = [];

  /** @param {Element} list Filled with the names. @param map Whose places they are. */
  constructor(list, map) {
    this.list = list;
    this.map = map;
    map.on("move", () => this.#place());
    map.on("resize", () => this.#place());
  }

  /** @param {Array<{name, lon, lat, href, go}>} places The most important ones first. */
  show(places) {
    this.#places = places.map((place) => {
      const text = make("span", {}, place.name);
      const anchor = link(text, place.href, place.go, { "aria-label": place.name, title: place.name });
      return { ...place, text, item: make("li", {}, anchor) };
    });
    this.list.replaceChildren(...this.#places.map(({ item }) => item));
    this.#place();
  }

  /** Every place has its dot; its name only where it covers no dot and no other name. */
  #place() {
    const { clientWidth: width, clientHeight: height } = this.list;
    const shown = [];
    for (const place of this.#places) {
      const { x, y } = this.map.project([place.lon, place.lat]);
      place.item.hidden = x < 0 || y < 0 || x > width || y > height;
      if (place.item.hidden) continue;
      place.item.style.transform = `translate(${Math.round(x)}px, ${Math.round(y)}px)`;
      place.width ??= place.text.offsetWidth;
      shown.push({ place, x, y });
    }
    const taken = shown.map(({ x, y }) => [x - 8, y - 8, x + 8, y + 8]);
    for (const { place, x, y } of shown) {
      const box = [x + 9, y - 11, x + place.width + 16, y + 11];
      const isFree = box[2] < width && !taken.some((other) => meet(box, other));
      place.item.classList.toggle("quiet", !isFree);
      if (isFree) taken.push(box);
    }
  }
}

const meet = (one, other) =>
  one[0] < other[2] && other[0] < one[2] && one[1] < other[3] && other[1] < one[3];
