// The scene that is drawn: the forest itself, or the groups of it that are on show.

import { drawnRows, foldedScene, waysOf } from "./folds.js";
import { arrange, clampView, measure, readShape } from "./geometry.js";
import { settle } from "./motion.js";

// Sets what is drawn by what is on show.
/** @param {App} app */
export function derive(app) {
  const { full } = app;
  const folds = app.isFolded && full.subtrees && full.sums;
  app.scene = folds ? foldedScene(full, app.onShow) : full;
  app.drawn = folds ? drawnRows(full, app.scene) : null;
  app.shape = readShape(app.scene);
}

// Draws anew what is on show; rows stay as high as they are, so that nothing moves but what is under the place.
/** @param {App} app */
export function refold(app) {
  derive(app);
  app.collapsed.clear();
  app.hover = -1;
  app.touched = true;
  arrange(app);
  measure(app);
  clampView(app, app.view);
  settle(app, { still: true });
}

// The drawn row that shows or hides a row of the forest.
/** @param {App} app @param {number} row */
export function drawnOf(app, row) {
  return app.drawn ? app.drawn[row] : row;
}

// The row of the forest that a drawn row is, or the first of those that it stands for; -1 for none.
/** @param {App} app @param {number} i */
export function rowOf(app, i) {
  const { subtrees } = app.full;
  return i < 0 || !app.drawn || !subtrees ? i : subtrees.first[/** @type {Folded[]} */ (app.scene.folded)[i].group];
}

// Row of the forest with this id, -1 for none.
/** @param {App} app @param {string} id */
export function rowWithId(app, id) {
  if (!app.drawn) return app.shape.rowOf.get(id) ?? -1;
  return app.full.id.indexOf(id);
}

// Rows that stand for all others with the same words, in the order in which a whole forest would be drawn.
/** @param {App} app @param {number[]} rows */
export function onePerGroup(app, rows) {
  const { subtrees } = app.full;
  if (!app.drawn || !subtrees) return rows;
  const first = new Map();
  for (const row of rows) if (!first.has(subtrees.group[row])) first.set(subtrees.group[row], row);
  const found = [];
  const waiting = subtrees.parent.flatMap((above, g) => (above < 0 ? [g] : [])).reverse();
  for (let g = waiting.pop(); g !== undefined; g = waiting.pop()) {
    if (first.has(g)) found.push(first.get(g));
    waiting.push(...[...waysOf(subtrees)[g]].reverse());
  }
  return found;
}
