// Elements of the page, made in one expression each.

const SVG = "http://www.w3.org/2000/svg";

/** Make an element: attributes by name (`on...` are listeners), then what it holds. */
export function make(name, attributes = {}, ...inside) {
  return fill(document.createElement(name), attributes, inside);
}

/** The same within a drawing. */
export function draw(name, attributes = {}, ...inside) {
  return fill(document.createElementNS(SVG, name), attributes, inside);
}

function fill(element, attributes, inside) {
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
    else if (value === true) element.setAttribute(key, "");
    else if (value !== false && value !== null) element.setAttribute(key, value);
  }
  element.append(...inside.filter((part) => part !== null));
  return element;
}

/** A table: what it is of, names of columns, rows of cells; the first cell names its row. */
export function table(caption, columns, rows) {
  const row = ([first, ...others]) =>
    make("tr", {}, make("th", { scope: "row" }, first), ...others.map((one) => make("td", {}, one)));
  return make("div", { class: "scrolls", tabindex: "0", role: "region", "aria-label": caption },
    make("table", {},
      make("caption", {}, caption),
      make("thead", {}, make("tr", {}, ...columns.map((name) => make("th", { scope: "col" }, name)))),
      make("tbody", {}, ...rows.map(row)),
    ),
  );
}

/** A link that changes the state, and can be kept or opened elsewhere like any other. */
export function link(text, href, go, attributes = {}) {
  const follow = (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey || event.button !== 0) return;
    event.preventDefault();
    go();
  };
  return make("a", { href, onclick: follow, ...attributes }, ...[text].flat());
}

const whole = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });
const tenth = new Intl.NumberFormat("en", { maximumFractionDigits: 1 });
const percent = new Intl.NumberFormat("en", { style: "percent", maximumFractionDigits: 0 });

export const inWhole = (number) => whole.format(number);
export const inTenths = (number) => tenth.format(number);
export const inPercent = (share) => percent.format(share);
