// The box in which words are looked for: hits are lit and stepped through, and where there is none a word is offered.

import { requestDraw } from "./motion.js";
import { hitsOf, offerFor, wantedOf } from "./search.js";

/** @param {App} app */
export function openSearch(app) {
  app.dom.search.hidden = false;
  app.dom.input.focus();
  app.dom.input.select();
  light(app);
}

/** @param {App} app */
export function closeSearch(app) {
  app.dom.search.hidden = true;
  app.dom.canvas.focus();
  light(app);
}

// Hits of what stands in the box; none while it is closed. A stage hides what has not grown yet.
/** @param {App} app */
export function light(app) {
  const { search, input } = app.dom;
  const grown = app.scene?.stage.visible;
  const words = search.hidden ? "" : input.value;
  const all = app.scene ? hitsOf(app.scene, words).filter((i) => !grown || grown[i]) : [];
  app.found = { words: wantedOf(words), all, lit: new Set(all) };
  tell(app);
  requestDraw(app);
}

// `3 of 136`, or the word to look for instead.
/** @param {App} app */
function tell(app) {
  const { found, offer } = app.dom;
  const { words, all } = app.found;
  const at = all.indexOf(app.selected);
  found.textContent = !words ? "" : !all.length ? "none" : at < 0 ? counted(all.length) : `${at + 1} of ${all.length}`;
  const instead = words && !all.length ? offerFor(app.scene, words) : "";
  offer.hidden = !instead;
  offer.textContent = instead ? `find “${instead}”` : "";
  offer.dataset.words = instead;
}

/** @param {number} count */
function counted(count) {
  return count === 1 ? "1 step" : `${count.toLocaleString("en-US")} steps`;
}

// The hit after the selected step, or before it; from a step that is none, the nearest in reading order.
/** @param {App} app @param {number} step */
export function nextHit(app, step) {
  const { all } = app.found;
  if (!all.length) return undefined;
  const at = all.indexOf(app.selected);
  if (at >= 0) return all[(at + step + all.length) % all.length];
  const place = new Map(app.scene.order.map((i, k) => [i, k]));
  const from = app.selected < 0 ? -1 : /** @type {number} */ (place.get(app.selected));
  const later = all.findIndex((i) => /** @type {number} */ (place.get(i)) > from);
  const next = later < 0 ? all.length : later;
  return all[(step > 0 ? next : next - 1 + all.length) % all.length];
}

/** @param {App} app @param {(i: number) => void} choose */
export function listenSearch(app, choose) {
  const { input, offer } = app.dom;
  const { signal } = app.abort;
  const go = (/** @type {number} */ step) => {
    const next = nextHit(app, step);
    if (next !== undefined) choose(next);
    tell(app);
  };
  const look = () => {
    light(app);
    if (app.found.all.length && !app.found.lit.has(app.selected)) choose(app.found.all[0]);
    tell(app);
  };
  input.addEventListener("input", look, { signal });
  input.addEventListener("keydown", (event) => {
    event.stopPropagation();
    if (event.key === "Enter") go(event.shiftKey ? -1 : 1);
    if (event.key === "Escape") closeSearch(app);
  }, { signal });
  offer.addEventListener("click", () => {
    input.value = offer.dataset.words ?? "";
    input.focus();
    look();
  }, { signal });
  return go;
}
