// What the page shows, kept in its address, so that a link leads to the same view.

const PLACE = ["aoi", "chip"];
const REST_MS = 250;

/**
 * The state: `aoi` (key) or `chip` (name) or neither, `month` (key), `cells` (horizon, 0 for none),
 * `at` ([lat, lon, zoom]; null where the place itself says what to show).
 */
export class State {
  #listeners = [];
  #timer = 0;

  constructor() {
    this.now = read(location.hash);
    addEventListener("popstate", () => this.#tell(read(location.hash)));
  }

  /** Call back with what is and what was, after every change. */
  onChange(listener) {
    this.#listeners.push(listener);
  }

  /** Change some of it; another place is a step that the browser's Back undoes. */
  change(changes) {
    const next = { ...this.now, ...changes };
    const isElsewhere = PLACE.some((name) => next[name] !== this.now[name]);
    if (isElsewhere) {
      this.#write();
      history.pushState(null, "", addressOf(next));
    }
    this.#tell(next);
    if (!isElsewhere) this.#writeSoon();
  }

  #tell(next) {
    const before = this.now;
    this.now = next;
    for (const listener of this.#listeners) listener(next, before);
  }

  /** Browsers allow only so many changes of the address a second. */
  #writeSoon() {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#write(), REST_MS);
  }

  #write() {
    clearTimeout(this.#timer);
    history.replaceState(null, "", addressOf(this.now));
  }
}

/** The address of a state, relative to the page. */
export function addressOf({ aoi = null, chip = null, month = null, cells = 0, at = null }) {
  const parts = new URLSearchParams();
  if (chip !== null) parts.set("chip", chip);
  else if (aoi !== null) parts.set("aoi", aoi);
  if (month !== null) parts.set("month", month);
  if (cells) parts.set("cells", cells);
  if (at !== null) parts.set("at", at.join(","));
  return `#${parts.toString().replaceAll("%2C", ",")}`;
}

function read(hash) {
  const parts = new URLSearchParams(hash.slice(1));
  const at = (parts.get("at") ?? "").split(",").map(Number);
  const month = Number(parts.get("month"));
  return {
    chip: parts.get("chip"),
    aoi: parts.has("aoi") && !parts.has("chip") ? Number(parts.get("aoi")) : null,
    month: month % 100 >= 1 && month % 100 <= 12 ? month : null,
    cells: [6, 12].includes(Number(parts.get("cells"))) ? Number(parts.get("cells")) : 0,
    at: at.length === 3 && at.every(Number.isFinite) ? at : null,
  };
}
