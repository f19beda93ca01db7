// The box in which words are looked for: hits are lit and stepped through, and where there is none a word is offered.

import { requestDraw } from "./motion.js";
import { drawnOf, onePerGroup } from "./refold.js";
import { hitsOf, offerFor, wantedOf } from "./search.js";

const TYPING_MS = 400;

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
  app.sayFound();
}

// Words that the page says are looked for.
/** @param {App} app @param {string} words */
export function showWords(app, words) {
  const { search, input } = app.dom;
  if (!words && search.hidden) return;
  input.value = words;
  search.hidden = !words;
  if (app.scene) light(app);
}

// Hits of what stands in the box; none while it is closed. A stage hides what has not grown yet.
/** @param {App} app */
export function light(app) {
  const { search, input } = app.dom;
  const grown = app.full?.stage.visible;
  const words = search.hidden ? "" : input.value;
  const all = app.full ? hitsOf(app.full, words).filter((i) => !grown || grown[i]) : [];
  app.found = { words: wantedOf(words), all, stops: onePerGroup(app, all), lit: litRows(app, all) };
  tell(app);
  requestDraw(app);
}

// Drawn rows that are hits; shapes count those that they hide.
/** @param {App} app @param {number[]} all */
function litRows(app, all) {
  const { folded } = app.scene ?? {};
  if (!folded) return new Set(all);
  const { group } = /** @type {SceneSubtrees} */ (app.full.subtrees);
  const lit = new Set();
  for (const shape of folded) shape.hits = 0;
  for (const row of all) {
    const i = drawnOf(app, row);
    if (!folded[i].rest.length && folded[i].group === group[row]) lit.add(i);
    else folded[i].hits++;
  }
  return lit;
}

// Place among the stops of what is selected, -1 where it is none of them.
/** @param {App} app */
function placeOf(app) {
  const { stops } = app.found;
  const { folded } = app.scene;
  if (!folded || app.selected < 0) return stops.indexOf(app.selected);
  const { group } = /** @type {SceneSubtrees} */ (app.full.subtrees);
  const { group: own, rest } = folded[app.selected];
  return rest.length ? -1 : stops.findIndex((row) => group[row] === own);
}

// `3 of 136`, or the word to look for instead.
/** @param {App} app */
function tell(app) {
  const { found, offer } = app.dom;
  const { words, all, stops } = app.found;
  const at = all.length ? placeOf(app) : -1;
  const more = stops.length < all.length ? ` · ${counted(all.length)}` : "";
  found.textContent = !words ? "" : !all.length ? "none" : at < 0 ? counted(all.length) : `${at + 1} of ${stops.length}${more}`;
  const instead = words && !all.length ? offerFor(app.full, words) : "";
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
  const { stops } = app.found;
  if (!stops.length) return undefined;
  const at = placeOf(app);
  if (at >= 0) return stops[(at + step + stops.length) % stops.length];
  const place = new Map(app.scene.order.map((i, k) => [i, k]));
  const from = app.selected < 0 ? -1 : /** @type {number} */ (place.get(app.selected));
  const later = stops.findIndex((row) => /** @type {number} */ (place.get(drawnOf(app, row))) > from);
  const next = later < 0 ? stops.length : later;
  return stops[(step > 0 ? next : next - 1 + stops.length) % stops.length];
}

// The page is told of words and of the hit that they select at once, when typing rests.
/** @param {App} app @param {(i: number) => void} choose shows a hit as selected @param {() => void} say tells the page */
export function listenSearch(app, choose, say) {
  const { input, offer } = app.dom;
  const { signal } = app.abort;
  const sayNow = () => {
    clearTimeout(app.typing);
    app.typing = 0;
    say();
  };
  app.sayFound = () => {
    clearTimeout(app.typing);
    app.typing = setTimeout(sayNow, TYPING_MS);
  };
  const go = (/** @type {number} */ step) => {
    const next = nextHit(app, step);
    if (next === undefined) return;
    choose(next);
    tell(app);
    sayNow();
  };
  const look = () => {
    light(app);
    if (!app.drawn && app.found.all.length && !app.found.lit.has(app.selected)) choose(app.found.all[0]);
    tell(app);
    app.sayFound();
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
