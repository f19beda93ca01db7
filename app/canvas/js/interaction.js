// Pointer, wheel, touch and keyboard. What is chosen shows at once here, and the page learns of it.

import { describe, showTooltip } from "./chrome.js";
import {
  arrange, clampView, fitView, HEAD, isRest, isShape, nodeAt, PAD, pathTo, ROW, screenX, screenY,
} from "./geometry.js";
import { litTerms } from "./formula.js";
import { closeSearch, light, listenSearch, openSearch } from "./finding.js";
import { tellGroup } from "./group.js";
import { remember } from "./memory.js";
import { moveView, requestDraw, settle, setView } from "./motion.js";
import { closed, keepBefore, opened, upTo, withRow } from "./opening.js";
import { drawnOf, refold, rowOf } from "./refold.js";
import { foldedAt, tellReader } from "./reader.js";
import { destination } from "./walk.js";
import { pointOn } from "./zoomed.js";
import { isForView } from "../../signals/focus.js";

const REST_MS = 120;

/** @param {App} app @param {number} i */
export function select(app, i, { reveal = false } = {}) {
  if (i === undefined || i < 0) return;
  showSelected(app, i, { reveal });
  sendSelection(app);
}

/** @param {App} app */
function deselect(app) {
  showTooltip(app, -1);
  showSelected(app, -1);
  sendSelection(app);
}

/** @param {App} app @param {number} i */
export function showSelected(app, i, { reveal = false } = {}) {
  if (i >= 0 && !app.shown[i]) unfold(app, i);
  app.selected = i;
  markSelected(app);
  describe(app);
  if (reveal && i >= 0) bringIntoView(app, i);
  remember(app);
  requestDraw(app);
}

/** @param {App} app */
export function markSelected(app) {
  app.path = app.selected >= 0 ? pathTo(app, app.selected) : [];
  app.pathSet = new Set(app.path);
  app.highlight = app.scene.stage.follow ? app.pathSet : new Set(app.full.stage.highlight.map((row) => drawnOf(app, row)));
  if (app.selected >= 0) app.dom.root.dataset.selected = app.scene.id[app.selected];
  else delete app.dom.root.dataset.selected;
  tellGroup(app);
}

/** @param {App} app */
export function sendSelection(app) {
  clearTimeout(app.renamed);
  app.renamed = 0;
  if (!app.linked) return;
  tellReader(app);
  const id = app.selected < 0 || isRest(app, app.selected) ? null : app.scene.id[app.selected];
  if (globalThis.treecoreSelected === undefined) globalThis.treecoreEarly = id; // what takes it may come after the trees
  app.bus.dispatchEvent(new CustomEvent("treecore-choose", { detail: id }));
}

/** @param {App} app @param {number} i */
function unfold(app, i) {
  for (let above = app.scene.parent[i]; above >= 0; above = app.scene.parent[above]) app.collapsed.delete(above);
  arrange(app);
  settle(app);
}

/** @param {App} app @param {number} i */
export function toggleFold(app, i) {
  if (i >= 0 && app.drawn) {
    show(app, isShape(app, i) ? opened(app, i) : closed(app, i), i);
    return;
  }
  if (i < 0 || !app.shape.children[i].length) return;
  if (!app.collapsed.delete(i)) app.collapsed.add(i);
  showFolded(app, i);
}

// Rows are folded otherwise; where that hides the selected one, another is selected.
/** @param {App} app @param {number} i */
function showFolded(app, i) {
  arrange(app);
  if (app.selected >= 0 && !app.shown[app.selected]) select(app, i);
  else sendSelection(app);
  describe(app);
  settle(app);
  moveView(app, app.touched ? {} : fitView(app));
  remember(app);
}

// Other groups of a folded forest; the selection stays, or goes to the group that a drawn row was.
/** @param {App} app @param {Set<number> | null} next @param {number} [i] */
function show(app, next, i = app.selected) {
  if (!next || !app.drawn) return;
  keepBefore(app);
  turnTo(app, next, i);
}

/** @param {App} app @param {Set<number>} next @param {number} i */
function turnTo(app, next, i) {
  const row = rowOf(app, i);
  app.onShow = next;
  refold(app);
  app.selected = row < 0 ? -1 : drawnOf(app, row);
  showAgain(app);
  sendSelection(app);
}

/** @param {App} app */
function showAgain(app) {
  markSelected(app);
  light(app);
  describe(app);
  remember(app);
}

// Folds what is selected, or goes back to what was on show before.
/** @param {App} app */
function goBack(app) {
  const next = app.drawn && app.selected >= 0 ? closed(app, app.selected) : null;
  const before = next ? null : app.before.pop();
  if (next) show(app, next);
  else if (before && app.drawn) turnTo(app, before, app.selected);
}

// All steps up to so many from the root.
/** @param {App} app @param {number} steps */
function openTo(app, steps) {
  app.depth = steps;
  if (app.drawn) {
    show(app, upTo(app, steps));
    return;
  }
  app.collapsed = foldedAt(app, steps);
  showFolded(app, pathTo(app, app.selected)[app.shape.depth[app.selected] - steps]);
}

// A row of the forest, brought into sight from whatever hides it.
/** @param {App} app @param {number} row */
export function showRow(app, row) {
  const next = row >= 0 && app.drawn ? withRow(app, row) : null;
  if (next) {
    keepBefore(app);
    app.onShow = next;
    refold(app);
    light(app);
  }
  showSelected(app, row < 0 ? -1 : drawnOf(app, row), { reveal: row >= 0 });
}

// Between shapes and a row a trajectory.
/** @param {App} app */
export function turnFolds(app) {
  if (!app.full.subtrees) return;
  const row = rowOf(app, app.selected);
  Object.assign(app, { isFolded: !app.isFolded, depth: 0 });
  refold(app);
  Object.assign(app, { touched: false, whole: false });
  Object.assign(app.view, fitView(app));
  app.selected = -1;
  showAgain(app);
  if (row >= 0) showRow(app, row);
  sendSelection(app);
}

/** @param {App} app @param {number} i */
export function bringIntoView(app, i) {
  const margin = Math.min(70, (app.room - app.cover) / 4);
  const low = app.height - app.cover - margin;
  const x = app.left + app.scene.x[i] * app.plot * app.view.zx + app.view.ox;
  const y = HEAD + PAD.top + app.row[i] * app.view.ky + app.view.oy;
  const right = app.width - app.side - 30;
  const shift = { ox: app.view.ox, oy: app.view.oy };
  if (y < HEAD + margin) shift.oy += HEAD + margin - y;
  if (y > low) shift.oy += low - y;
  if (x < 90) shift.ox += 90 - x;
  if (x > right) shift.ox += right - x;
  if (shift.ox === app.view.ox && shift.oy === app.view.oy) return;
  Object.assign(app, { touched: true, whole: false });
  moveView(app, shift);
}

/** @param {App} app @param {number} factor @param {number} px @param {number} py */
function zoomAt(app, factor, px, py) {
  const { view } = app;
  const least = Math.min(fitView(app, { whole: true }).ky, ROW.least);
  const ky = Math.max(least, Math.min(ROW.closest, view.ky * factor));
  const widest = Math.max(4, (app.shape.deepest * 150) / app.plot);
  const grows = factor < 1 || ky >= ROW.least;
  const zx = grows ? Math.max(1, Math.min(widest, view.zx * factor)) : view.zx;
  const across = (py - HEAD - PAD.top - view.oy) / view.ky;
  const along = (px - app.left - view.ox) / view.zx;
  setView(app, { ky, zx, oy: py - HEAD - PAD.top - across * ky, ox: px - app.left - along * zx });
}

/** @param {App} app @param {number} factor */
export function zoomMiddle(app, factor) {
  const focus = app.selected >= 0 && app.shown[app.selected];
  const x = focus ? screenX(app, app.selected) : (app.width - app.side) / 2;
  const y = focus ? screenY(app, app.selected) : HEAD + app.room / 2;
  zoomAt(app, factor, x, y);
}

// Fits for reading; when it already does and more is below, fits everything.
/** @param {App} app */
export function fit(app) {
  const reading = fitView(app, { whole: false });
  const there = Math.abs(app.view.ky - reading.ky) < 0.01 && app.view.zx === 1 && app.view.oy === 0;
  const overflows = PAD.top + PAD.bottom + (app.rows - 1) * reading.ky > app.room + 1;
  Object.assign(app, { touched: false, whole: there && overflows });
  moveView(app, fitView(app));
}

/** @param {App} app @param {MouseEvent} event */
function pointIn(app, event) {
  return pointOn(app.dom.canvas, event);
}

/** @param {App} app */
export function listenPointer(app) {
  const { canvas } = app.dom;
  const held = new Map();
  let moved = false;
  let pinch = 0;
  /** @type {(name: string, handler: (event: any) => void, options?: object) => void} */
  const on = (name, handler, options) => canvas.addEventListener(name, handler, { signal: app.abort.signal, ...options });
  on("pointerdown", (event) => {
    held.set(event.pointerId, pointIn(app, event));
    canvas.setPointerCapture(event.pointerId);
    if (held.size === 1) moved = false;
    pinch = 0;
  });
  on("pointermove", (event) => {
    clearTimeout(app.resting);
    const point = pointIn(app, event);
    const before = held.get(event.pointerId);
    if (!before) return hoverAt(app, point, event.pointerType);
    const others = [...held].filter(([id]) => id !== event.pointerId).map(([, at]) => at);
    if (others.length) {
      const gap = Math.hypot(point.x - others[0].x, point.y - others[0].y);
      if (pinch) zoomAt(app, gap / pinch, (point.x + others[0].x) / 2, (point.y + others[0].y) / 2);
      pinch = gap;
      moved = true;
    } else if (moved || Math.hypot(point.x - before.x, point.y - before.y) > 4) {
      moved = true;
      canvas.classList.add("tc-dragging");
      showTooltip(app, -1);
      setView(app, { ox: app.view.ox + point.x - before.x, oy: app.view.oy + point.y - before.y });
    } else return;
    held.set(event.pointerId, point);
  });
  const release = (/** @type {PointerEvent} */ event) => {
    const wasHeld = held.delete(event.pointerId);
    if (!held.size) canvas.classList.remove("tc-dragging");
    if (event.type !== "pointerup" || !wasHeld || moved || held.size) return;
    const point = pointIn(app, event);
    select(app, nodeAt(app, point.x, point.y, event.pointerType === "touch" ? 24 : 14));
  };
  on("pointerup", release);
  on("pointercancel", release);
  on("pointerleave", () => {
    clearTimeout(app.resting);
    hoverAt(app, { x: -1, y: -1 });
  });
  on("dblclick", (event) => {
    const point = pointIn(app, event);
    const i = nodeAt(app, point.x, point.y);
    if (i >= 0) toggleFold(app, i);
    else fit(app);
  });
  on("wheel", (event) => onWheel(app, event), { passive: false });
}

/** @param {App} app @param {Point} point @param {string} [kind] */
function hoverAt(app, point, kind = "mouse") {
  app.point = point;
  const i = kind === "touch" ? -1 : nodeAt(app, point.x, point.y);
  app.dom.canvas.style.cursor = i >= 0 ? "pointer" : "";
  showTooltip(app, i, point);
  if (i === app.hover) return;
  app.hover = i;
  litTerms(app, i);
  requestDraw(app);
}

// Plain wheel scrolls the forest and, at its end, the page; with Ctrl or ⌘ (and pinch on a trackpad) it zooms.
/** @param {App} app @param {WheelEvent} event */
function onWheel(app, event) {
  const unit = event.deltaMode === 1 ? 16 : event.deltaMode === 2 ? app.room : 1;
  const point = pointIn(app, event);
  if (event.ctrlKey || event.metaKey) {
    event.preventDefault();
    zoomAt(app, Math.exp(-event.deltaY * unit * (event.deltaMode ? 0.006 : 0.004)), point.x, point.y);
    return;
  }
  const sideways = event.shiftKey && !event.deltaX;
  const dx = (sideways ? event.deltaY : event.deltaX) * unit;
  const dy = (sideways ? 0 : event.deltaY) * unit;
  const to = clampView(app, { ...app.view, ox: app.view.ox - dx, oy: app.view.oy - dy });
  if (to.ox === app.view.ox && to.oy === app.view.oy) return;
  event.preventDefault();
  setView(app, to);
  hoverAtRest(app, point);
}

// What is under the pointer once the wheel rests; while it turns, nothing is.
/** @param {App} app @param {Point} point */
function hoverAtRest(app, point) {
  hoverAt(app, { x: -1, y: -1 });
  app.point = point;
  clearTimeout(app.resting);
  app.resting = setTimeout(() => app.scene && hoverAt(app, point), REST_MS);
}

// On a page of our own the keys work wherever the focus is, after all who listen there: a part that is drawn later, too.
/** @param {App} app */
export function listenKeys(app) {
  const { signal } = app.abort;
  app.dom.canvas.addEventListener("keydown", (event) => onKey(app, event), { signal });
  const late = (/** @type {KeyboardEvent} */ event) => {
    if (isForView(event) && event.key !== " " && event.key !== "Escape" && app.dom.canvas.checkVisibility()) onKey(app, event);
  };
  if (app.bus === document) window.addEventListener("keydown", () => window.addEventListener("keydown", late, { once: true, signal }), { capture: true, signal });
  app.goToHit = listenSearch(app, (row) => showRow(app, row), () => app.abort.signal.aborted || sendSelection(app));
}

/** @param {App} app @param {KeyboardEvent} event */
function onKey(app, event) {
  if (event.ctrlKey || event.metaKey || event.altKey || event.key === "Tab") return;
  const key = event.key.toLowerCase();
  /** @type {Record<string, () => void>} */
  const actions = {
    "+": () => zoomMiddle(app, 1.25),
    "=": () => zoomMiddle(app, 1.25),
    "-": () => zoomMiddle(app, 0.8),
    "0": () => fit(app),
    "/": () => openSearch(app),
    enter: () => toggleFold(app, app.selected),
    " ": () => toggleFold(app, app.selected),
    ...foldingKeys(app),
    n: () => app.goToHit(event.shiftKey ? -1 : 1),
    ...leavingKeys(app),
    ...changingKeys(app),
  };
  const target = actions[key] ? undefined : destination(app, key, event.shiftKey);
  if (actions[key]) actions[key]();
  else if (target !== undefined) select(app, target, { reveal: true });
  else if (!key.startsWith("arrow")) return;
  event.stopPropagation();
  event.preventDefault();
}

// Escape closes the search, then chooses no step, then is free for the page.
/** @param {App} app @returns {Record<string, () => void>} */
function leavingKeys(app) {
  if (!app.dom.search.hidden) return { escape: () => closeSearch(app) };
  return app.selected < 0 ? {} : { escape: () => deselect(app) };
}

// Keys of a forest that can be folded; in others they are free for the page.
/** @param {App} app @returns {Record<string, () => void>} */
function foldingKeys(app) {
  if (!app.full.subtrees) return {};
  const depths = [1, 2, 3, 4, 5, 6, 7, 8, 9].map((steps) => [steps, () => openTo(app, steps)]);
  return { ...Object.fromEntries(depths), backspace: () => goBack(app) };
}

// Keys by which a forest is changed, where the page takes changes.
/** @param {App} app @returns {Record<string, () => void>} */
function changingKeys(app) {
  if (!app.linked || !globalThis.treecoreChanges) return {};
  const node = app.selected < 0 ? null : app.scene.id[app.selected];
  const ask = (/** @type {string} */ verb) => () => {
    app.bus.dispatchEvent(new CustomEvent("treecore-change", { detail: { verb, node } }));
  };
  const reset = /** @type {Record<string, () => void>} */ (app.drawn ? {} : { backspace: ask("reset") });
  return { o: ask("flip"), x: ask("prune"), z: ask("undo"), s: ask("sample"), ...reset };
}
