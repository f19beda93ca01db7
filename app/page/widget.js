// The board in a notebook: what it shows comes from Python, which learns what is selected.

import { openBoard } from "./board.js";
import { made } from "./elements.js";

// Whether what is behind an element is dark: notebooks have themes of their own.
/** @param {HTMLElement} element */
function darkBehind(element) {
  for (let at = /** @type {HTMLElement | null} */ (element); at; at = at.parentElement) {
    const [r, g, b, a = 1] = (getComputedStyle(at).backgroundColor.match(/[\d.]+/g) ?? []).map(Number);
    if (b !== undefined && a > 0) return 0.2126 * r + 0.7152 * g + 0.0722 * b < 102;
  }
  return false;
}

/** @param {{ model: WidgetModel, el: HTMLElement, parts: Parts }} call */
export default function widget({ model, el, parts }) {
  const host = made("div", "");
  const height = Number(model.get("height"));
  host.style.colorScheme = darkBehind(el) ? "dark" : "light";
  host.style.setProperty("--side", `${height}px`);
  host.dataset.lmSuppressShortcuts = "true";
  host.addEventListener("keydown", (event) => event.stopPropagation());
  el.append(host);
  const text = (/** @type {string} */ name) => String(model.get(name));
  const board = openBoard(host, parts, {
    index: JSON.parse(text("index")),
    forest: () => text("forest"),
    look: () => text("look"),
    inspect: (_, id) => {
      const inspection = JSON.parse(text("inspection"));
      return inspection?.words.node === id ? inspection : undefined;
    },
    film: () => JSON.parse(text("film")),
    chosen: (_, id) => {
      if (model.get("selected") === id) return;
      model.set("selected", id);
      model.save_changes();
    },
  }, { height });
  const follow = () => board.select(/** @type {string | null} */ (model.get("selected")));
  model.on("change:selected", follow);
  model.on("change:inspection", board.refresh);
  if (model.get("selected") !== null) follow();
  return () => {
    model.off("change:selected", follow);
    model.off("change:inspection", board.refresh);
    board.close();
  };
}
