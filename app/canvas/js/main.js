// Streamlit's entry: called again with new data on the same element; view, folds and selection live on.

import { applyTheme, buildFrame, coverOf, describe, drawLegend, fitHeight, keepTooltip, toolButton } from "./chrome.js";
import {
  arrange, clampView, fitView, HEAD, inSight, isRest, measure, PAD, refit, ROW, screenX, screenY,
} from "./geometry.js";
import { bracketOf, setOut } from "./film.js";
import { light, openSearch } from "./finding.js";
import { showFormula } from "./formula.js";
import { grownRows } from "./growth.js";
import {
  bringIntoView, fit, listenKeys, listenPointer, markSelected, sendSelection, showRow, showSelected, toggleFold, turnFolds, zoomMiddle,
} from "./interaction.js";
import { listenMap } from "./map_input.js";
import { forget, recall, recallFolds, remember } from "./memory.js";
import { requestDraw, settle, syncSize } from "./motion.js";
import { badgesShown, badgeWidth, isFaded, shownOf } from "./nodes.js";
import { contextOf, isProjected, readTheme } from "./palette.js";
import { hearReader, isTold, takeCollapsed, takeShown } from "./reader.js";
import { isListed, listenPhone, showStep } from "./trajectory.js";
import { zoomOf } from "./zoomed.js";
import { derive, drawnOf, refold, rowWithId, rowOf } from "./refold.js";

const APPS = new WeakMap();
const LEFT = new Map();
const RENAMED_MS = 3000;

/** @param {HTMLElement} host @param {string} style @param {Bus} bus */
function mount(host, style, bus) {
  const dom = buildFrame(host, style);
  const app = /** @type {App} */ (/** @type {Partial<App>} */ ({
    dom, bus, context: contextOf(dom.canvas), abort: new AbortController(), widths: new Map(), written: new Map(), landmarks: { of: null, radius: new Map(), apart: new Map() },
    width: 0, height: 0, ratio: 0, cover: 0, view: { zx: 1, ky: ROW.least, ox: 0, oy: 0 }, touched: false, whole: false,
    collapsed: new Set(), highlight: new Set(), selected: -1, hover: -1, path: [], pathSet: new Set(), found: { words: "", all: [], stops: [], lit: new Set() },
    onShow: new Set(), isFolded: false, depth: 0, reader: null, before: [], drawn: null, travel: null, boxes: [], cardAt: null, lane: 0, formulaStamp: "",
  }));
  listenPointer(app);
  listenKeys(app);
  listenMap(app);
  listenPhone(app, () => {
    if (app.drawn && isListed(app)) turnFolds(app);
    fitHeight(app);
    requestDraw(app);
  });
  toolButton(app, "find", "Find in the steps (/)", () => openSearch(app));
  app.foldButton = toolButton(app, "fold", "Subtrees as shapes, or a row for each trajectory", () => turnFolds(app));
  toolButton(app, "−", "Zoom out", () => zoomMiddle(app, 0.8));
  toolButton(app, "+", "Zoom in", () => zoomMiddle(app, 1.25));
  toolButton(app, "fit", "Fit; again to see everything", () => fit(app));
  for (const button of [...dom.tools.children].slice(1)) button.toggleAttribute("data-trees", true);
  app.resize = new ResizeObserver((sizes) => { // the page grows with the words beside the trees, too
    if (app.scene && isProjected(getComputedStyle(dom.root)) !== app.theme.projected) { // the sheet came after the scene
      restyle(app);
      drawLegend(app);
    }
    fitHeight(app);
    if (sizes.some(({ target }) => target === dom.area)) requestDraw(app);
  });
  app.resize.observe(dom.area);
  app.resize.observe(/** @type {ShadowRoot} */ (dom.root.getRootNode()).host?.closest("[data-testid=stMainBlockContainer]") ?? document.body);
  window.addEventListener("resize", () => fitHeight(app), { signal: app.abort.signal });
  document.fonts?.ready.then(() => {
    app.widths = new Map();
    if (app.scene) measure(app);
    requestDraw(app);
  });
  dom.canvas.treecore = handleOf(app);
  bus.addEventListener("treecore-selected", (event) => {
    takeSelection(app, /** @type {CustomEvent<string | null>} */ (event).detail);
  }, { signal: app.abort.signal });
  document.addEventListener("treecore-drawer", () => {
    fitHeight(app);
    app.cover = coverOf(app);
    if (isListed(app)) showStep(app, globalThis.treecoreDrawer?.covered ?? 0);
    else if (app.scene && app.selected >= 0) bringIntoView(app, app.selected);
    requestDraw(app);
  }, { signal: app.abort.signal });
  document.addEventListener("treecore-fold", () => app.linked && toggleFold(app, app.selected), { signal: app.abort.signal });
  document.addEventListener("treecore-focus", () => app.linked && app.dom.canvas.focus(), { signal: app.abort.signal });
  APPS.set(host, app);
  return app;
}

/** @param {App} app */
function restyle(app) {
  const before = app.theme;
  app.theme = readTheme(app.dom.root);
  applyTheme(app);
  if (before?.sans !== app.theme.sans || before.mono !== app.theme.mono) app.widths = new Map();
}

// The reader's view, folds and selection stay where the scene is the one before with other colours, or that one grown;
// where it is of another forest, they are what they were when that was last seen.
/** @param {App} app @param {Scene} full */
function takeScene(app, full) {
  const before = app.scene ? { ...app } : LEFT.get(app.key);
  const same = before?.full.digest === full.digest && Boolean(before.full.subtrees) === Boolean(full.subtrees);
  app.full = full;
  if (!same || before.dom !== app.dom) {
    recallFolds(app);
    app.lane = 0;
  }
  derive(app);
  const rows = same || app.drawn || before?.drawn ? null : before && grownRows(before, app);
  if (rows) carry(app, before, rows);
  else if (!same || before.dom !== app.dom) recall(app);
  arrange(app);
  fitHeight(app);
  syncSize(app);
  measure(app);
  refit(app);
  if (rows) stayAt(app, before, rows);
  clampView(app, app.view);
  markSelected(app);
  light(app);
  showMarked(app, same ? before : null);
  showFormula(app, (lit) => lightNodes(app, lit));
  setOut(app, same ? before : null);
  settle(app, { still: !same });
  keepTooltip(app);
}

// What has just been marked is brought into sight.
/** @param {App} app @param {App | null} before */
function showMarked(app, before) {
  const [first] = app.scene.stage.marked;
  if (first !== undefined && first !== before?.scene.stage.marked[0]) bringIntoView(app, shownOf(app, first));
}

// Folds that the page names, as those of an address that somebody went back to.
/** @param {App} app */
function takeFolds(app) {
  const row = rowOf(app, app.selected);
  takeShown(app);
  refold(app);
  takeCollapsed(app);
  app.selected = row < 0 ? -1 : drawnOf(app, row);
  arrange(app);
  Object.assign(app, { touched: false, whole: false });
  Object.assign(app.view, fitView(app));
  markSelected(app);
  light(app);
  settle(app, { still: true });
  remember(app);
}

// The page hears of the new id once no more scenes come: it may change with each of them.
/** @param {App} app @param {App} before @param {Int32Array} rows */
function carry(app, before, rows) {
  const now = (/** @type {number} */ i) => (i < 0 ? -1 : rows[i]);
  forget(before);
  Object.assign(app, {
    touched: before.touched, whole: before.whole, view: { ...before.view, ...before.viewMotion?.to }, viewMotion: null,
    collapsed: new Set([...before.collapsed].map(now)), selected: now(before.selected),
    hover: app.point ? now(before.hover) : -1,
  });
  remember(app);
  if (app.selected < 0 || !app.linked) return;
  const tell = app.renamed || before.scene.id[before.selected] !== app.scene.id[app.selected];
  clearTimeout(app.renamed);
  if (tell) app.renamed = setTimeout(() => sendSelection(app), RENAMED_MS);
}

// What the reader looks at stays where it was while the forest grows around it.
/** @param {App} app @param {App} before @param {Int32Array} rows */
function stayAt(app, before, rows) {
  if (!app.touched) return;
  const { view } = app;
  const height = (/** @type {number} */ i) => HEAD + PAD.top + before.row[i] * view.ky + view.oy;
  const inSight = (/** @type {number} */ i) => i >= 0 && before.shown[i] && height(i) > HEAD && height(i) < before.height;
  const middle = HEAD + app.room / 2;
  const nearest = (/** @type {number} */ best, /** @type {number} */ i) => (Math.abs(height(i) - middle) < Math.abs(height(best) - middle) ? i : best);
  const anchor = [before.hover, before.selected].find(inSight) ?? before.order.reduce(nearest);
  view.oy += (before.row[anchor] - app.row[rows[anchor]]) * view.ky;
  view.ox += (before.scene.x[anchor] - app.scene.x[rows[anchor]]) * app.plot * view.zx;
}

// What is selected on the page, unless it has still to hear of the new id of a growing forest, or of the hit of words that
// are being typed.
/** @param {App} app @param {string | null | undefined} id */
function takeSelection(app, id) {
  if (!app.scene || !app.linked || app.renamed || app.typing || id === undefined) return;
  const row = id === null ? -1 : rowWithId(app, id);
  if (row < 0 && app.selected >= 0 && isRest(app, app.selected)) return;
  if (row < 0 ? app.selected < 0 : app.scene.id[app.selected] === id) return;
  if (row < 0) showSelected(app, -1);
  else if (!app.full.stage.visible || app.full.stage.visible[row]) showRow(app, row);
}

// Nodes that a number beside the trees comes from; null lights what the stage does.
/** @param {App} app @param {number[] | null} rows */
function lightNodes(app, rows) {
  markSelected(app);
  if (rows?.length) app.highlight = new Set(rows.map((i) => shownOf(app, i)));
  requestDraw(app);
}

// For tests and the console: where a node is on the page, and what the canvas holds.
/** @param {App} app */
function handleOf(app) {
  return {
    get ready() { return Boolean(app.scene) && !app.motion && !app.viewMotion && !app.travel && !app.frame; },
    get travelling() { return app.travel ? app.travel.moves.length : 0; },
    get boxes() { return app.boxes; },
    get bracket() { return app.scene.stage.bracket === null ? null : bracketOf(app, app.scene.stage.brackets[app.scene.stage.bracket]).box; },
    get ids() { return app.order.map((i) => app.scene.id[i]); },
    get selected() { return app.selected < 0 ? null : app.scene.id[app.selected]; },
    get view() { return { ...app.view }; },
    get written() { return app.order.filter((i) => inSight(app, i)).map((i) => [app.scene.id[i], app.written.get(i) ?? ""]); },
    get scene() { return app.scene; },
    get height() { return app.height; },
    get card() { return app.dom.card.hidden ? null : app.cardAt; },
    get badges() {
      return badgesShown(app).map(({ i, text, x, y }) => ({ id: app.scene.id[i], x, y, half: badgeWidth(app, text) / 2 }));
    },
    get marked() { return app.scene.stage.marked.map((i) => app.scene.id[i]); },
    get lit() { return app.found.all.map((row) => app.full.id[row]); },
    get folded() { return app.scene.folded; },
    get faded() { return app.order.filter((i) => isFaded(app, i)).map((i) => app.scene.id[i]); },
    get theme() { return app.theme.dark ? "dark" : "light"; },
    get projected() { return app.theme.projected; },
    position(/** @type {unknown} */ id) {
      const row = rowWithId(app, String(id));
      const i = row < 0 ? -1 : drawnOf(app, row);
      const box = app.dom.canvas.getBoundingClientRect();
      const zoom = zoomOf(app.dom.canvas);
      return i < 0 || !app.shown[i] ? null : { x: box.left + zoom * screenX(app, i), y: box.top + zoom * screenY(app, i) };
    },
  };
}

// A text that is the label of its step was sent once.
/** @param {string} sent @returns {Forest} */
function forestIn(sent) {
  const forest = /** @type {SceneForest} */ (JSON.parse(sent));
  return { ...forest, text: forest.text.map((words, i) => words ?? forest.label[i]) };
}

// Draws a scene in `host`. Who shares its selection is on `bus`: the whole page, or a part of one that holds several.
/** @param {CanvasCall} sent */
export default function treeCanvas({ head, text, host, bus = document }) {
  const app = APPS.get(host) ?? mount(host, text(head.style), bus);
  app.dom.root.toggleAttribute("data-aside", !head.linked);
  Object.assign(app, { key: head.key, linked: head.linked, listable: head.listable, tallest: head.height });
  restyle(app);
  const folds = hearReader(app, head);
  const digest = app.full?.digest;
  if (app.forestStamp !== head.forest) app.forest = forestIn(text(head.forest));
  if (app.forestStamp !== head.forest || app.lookStamp !== head.look) {
    takeScene(app, { ...app.forest, ...JSON.parse(text(head.look)) });
    Object.assign(app, { forestStamp: head.forest, lookStamp: head.look });
  } else {
    fitHeight(app);
    settle(app);
  }
  if (folds && isTold(app) && digest === app.full.digest) takeFolds(app);
  app.cover = coverOf(app); // the drawer may have opened before there were trees
  takeSelection(app, bus === document ? globalThis.treecoreSelected : bus.selected);
  drawLegend(app);
  describe(app);
  app.dom.root.dataset.digest = app.scene.digest;
  app.dom.root.dataset.nodes = String(app.full.id.length);
  app.foldButton.hidden = !app.full.subtrees;
  if (app.linked) requestAnimationFrame(() => tellDrawn(app.full.id.length));
}

// What waits for the trees of the page may be drawn now.
/** @param {number} nodes */
function tellDrawn(nodes) {
  globalThis.treecoreDrawn = nodes;
  document.dispatchEvent(new CustomEvent("treecore-drawn"));
}

/** @param {HTMLElement} host */
export function leave(host) {
  const app = APPS.get(host);
  if (!app) return;
  app.abort.abort();
  globalThis.treecoreGroup = globalThis.treecoreReader = null;
  document.dispatchEvent(new CustomEvent("treecore-group"));
  app.resize.disconnect();
  cancelAnimationFrame(app.frame);
  clearTimeout(app.renamed);
  clearTimeout(app.resting);
  app.dom.root.remove();
  LEFT.set(app.key, app);
  APPS.delete(host);
}
