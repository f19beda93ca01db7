// What a reader did to each forest: view, folds and selection, kept for when it is seen again.

import { isTold, takeCollapsed, takeShown } from "./reader.js";
import { isListed } from "./trajectory.js";

const MEMORY = new Map();
const MAX_REMEMBERED = 40;

/** @param {App} app */
function memoryKey(app) {
  return `${app.key}/${app.full.digest}`;
}

/** @param {App} app */
export function forget(app) {
  MEMORY.delete(memoryKey(app));
}

/** @param {App} app */
export function remember(app) {
  forget(app);
  MEMORY.set(memoryKey(app), {
    view: { ...app.view }, touched: app.touched, whole: app.whole,
    collapsed: new Set(app.collapsed), selected: app.selected, isFolded: app.isFolded, onShow: app.onShow, depth: app.depth,
  });
  if (MEMORY.size > MAX_REMEMBERED) MEMORY.delete(MEMORY.keys().next().value);
}

// Which groups are on show, before anything is drawn: as the page says, as they were, or as a forest opens.
/** @param {App} app */
export function recallFolds(app) {
  if (isTold(app)) {
    takeShown(app);
    return;
  }
  const kept = MEMORY.get(memoryKey(app));
  const { subtrees } = app.full;
  app.isFolded = !isListed(app) && (kept?.isFolded ?? Boolean(subtrees?.folds));
  app.onShow = kept?.onShow ?? new Set(subtrees?.shown);
  app.depth = kept?.depth ?? 0;
  app.before = [];
}

/** @param {App} app */
export function recall(app) {
  const kept = MEMORY.get(memoryKey(app));
  if (isTold(app)) takeCollapsed(app);
  else app.collapsed = new Set(kept?.collapsed);
  app.touched = kept?.touched ?? false;
  app.whole = kept?.whole ?? false;
  app.selected = kept?.selected ?? -1;
  app.hover = -1;
  app.view = { ...app.view, ...kept?.view };
  app.ax = new Float32Array();
}
