// A page of its own: all that it shows is in it, as JSON in elements that no browser runs.

import { openBoard } from "./board.js";
import { button, made } from "./elements.js";

/** @param {string} id */
function text(id) {
  return document.getElementById(id)?.textContent ?? "null";
}

/** @param {Parts} parts */
export default function page(parts) {
  /** @type {PageIndex} */
  const index = JSON.parse(text("index"));
  document.title = index.title;
  /** @type {Map<number, Record<string, Inspection>>} */
  const steps = new Map();
  const stepsOf = (/** @type {number} */ number) => {
    const found = steps.get(number) ?? JSON.parse(text(`steps-${number}`));
    steps.set(number, found);
    return found;
  };
  const head = made("header", "");
  const host = made("main", "");
  document.body.append(head, host);
  const board = openBoard(host, parts, {
    index,
    forest: (number) => text(`forest-${number}`),
    look: (number) => text(`look-${number}`),
    inspect: (number, id) => (Object.hasOwn(stepsOf(number), id) ? stepsOf(number)[id] : undefined),
    film: (number) => JSON.parse(text(`film-${number}`)),
    chosen: (_, id) => history.replaceState(null, "", id === null ? "#" : `#${encodeURIComponent(id)}`),
  });
  head.append(made("h1", "", index.title), button("Light or dark", "Switch between light and dark", () => {
    const { style } = document.documentElement;
    const dark = style.colorScheme ? style.colorScheme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
    style.colorScheme = dark ? "light" : "dark";
    board.again();
  }));
  const wanted = decodeURIComponent(location.hash.slice(1));
  if (Object.hasOwn(stepsOf(0), wanted)) board.select(wanted);
}
