// Forest shape and positions: what is shown, where it stands, what lies under a point. Draws nothing.

import { nodesBetween, endsBetween, subtreeEnds } from "./culling.js";
import { headingWidth, widthOf } from "./text_width.js";

export const HEAD = 44;
export const PAD = { top: 36, bottom: 26, leaf: 40, folded: 60 };
const ROOT_LEFT = 24;
export const SMALL = 3.2;
const FORMER = { reward: 34, number: 66, bar: 24 };
export const SUBTREE = { ends: 62, right: 52, number: 78, spread: 66 };
const MIN_FOLDED = 26;
export const ROW = { least: 34, most: 80, closest: 150 };

/** @param {Scene} scene */
export function readShape(scene) {
  const n = scene.parent.length;
  const children = Array.from({ length: n }, () => /** @type {number[]} */ ([]));
  const depth = new Int32Array(n);
  const tree = new Int32Array(n);
  const roots = [];
  for (let i = 0; i < n; i++) {
    const above = scene.parent[i];
    if (above < 0) {
      tree[i] = roots.length;
      roots.push(i);
    } else {
      children[above].push(i);
      depth[i] = depth[above] + 1;
      tree[i] = tree[above];
    }
  }
  const rowOf = new Map(scene.id.map((id, i) => [id, i]));
  let deepest = 1;
  for (let i = 0; i < n; i++) deepest = Math.max(deepest, depth[i]);
  return { n, children, depth, tree, roots, rowOf, deepest };
}

// A node is laid out when no ancestor is collapsed, and shown when the stage has grown it too. `ends` are the rows of the
// table. Forks are those of the whole forest, so that no ring and no word moves while it grows.
/** @param {App} app */
export function arrange(app) {
  const { scene, shape } = app;
  const { n, children } = shape;
  const grown = scene.stage.visible;
  const laid = new Uint8Array(n);
  const shown = new Uint8Array(n);
  const branches = new Int32Array(n);
  for (let i = 0; i < n; i++) {
    const above = scene.parent[i];
    laid[i] = above < 0 || (laid[above] && !app.collapsed.has(above)) ? 1 : 0;
    shown[i] = laid[i] && (!grown || grown[i]) ? 1 : 0;
    if (above >= 0 && !scene.change?.pruned[i]) branches[above]++;
  }
  shareBranches(scene, branches);
  const row = app.collapsed.size ? collapsedRows(app) : Float32Array.from(scene.row);
  let last = 0;
  const ends = [];
  for (const i of scene.order) {
    last = Math.max(last, row[i]);
    if (shown[i] && (app.collapsed.has(i) || !children[i].length)) ends.push(i);
  }
  const laidOut = scene.order.filter((i) => laid[i]);
  const order = grown ? laidOut.filter((i) => shown[i]) : laidOut;
  const after = subtreeEnds(laidOut, shape.depth);
  Object.assign(app, { shown, branches, row, ...rowSpans(app, row), ends, rows: last + 1, laidOut, after, order });
}

// The highest and the lowest row of each subtree.
/** @param {App} app @param {Float32Array} row */
function rowSpans(app, row) {
  const [top, bottom] = [row.slice(), row.slice()];
  for (let i = app.shape.n - 1; i > 0; i--) {
    const above = app.scene.parent[i];
    if (above < 0) continue;
    top[above] = Math.min(top[above], top[i]);
    bottom[above] = Math.max(bottom[above], bottom[i]);
  }
  return { top, bottom };
}

// Roots that are one state to the method share their branches, and a root that is a step is one more of them.
/** @param {Scene} scene @param {Int32Array} branches */
function shareBranches(scene, branches) {
  if (!scene.prompts.length) return;
  const prompts = new Set(scene.prompts);
  let total = 0;
  scene.parent.forEach((above, i) => {
    if (above >= 0) return;
    total += prompts.has(i) ? branches[i] : 1;
  });
  for (const i of prompts) branches[i] = total;
}

/** @param {App} app */
function collapsedRows(app) {
  const { scene, shape } = app;
  const row = new Float32Array(shape.n);
  const hidden = new Uint8Array(shape.n);
  for (let i = 0; i < shape.n; i++) {
    const above = scene.parent[i];
    hidden[i] = above >= 0 && (hidden[above] || app.collapsed.has(above)) ? 1 : 0;
  }
  let next = 0;
  let tree = 0;
  for (const i of scene.order) {
    if (hidden[i]) continue;
    if (shape.tree[i] !== tree) {
      tree = shape.tree[i];
      next += scene.gap;
    }
    if (!shape.children[i].length || app.collapsed.has(i)) row[i] = next++;
  }
  for (let i = shape.n - 1; i >= 0; i--) {
    const below = shape.children[i];
    if (!hidden[i] && below.length && !app.collapsed.has(i)) row[i] = (row[below[0]] + row[below[below.length - 1]]) / 2;
  }
  for (let i = 0; i < shape.n; i++) if (hidden[i]) row[i] = row[scene.parent[i]];
  return row;
}

// Headings of the trees have their room left of the roots. Columns of the table give way from the right as the canvas
// narrows.
/** @param {App} app */
export function measure(app) {
  const { width, height, scene } = app;
  if (scene.folded) foldedColumns(app);
  else tableColumns(app);
  app.left = ROOT_LEFT + headingWidth(app);
  app.plot = Math.max(80, width - app.side - app.left - leafRoom(app));
  app.room = Math.max(40, height - HEAD);
}

/** @param {App} app */
function tableColumns(app) {
  const { width, scene } = app;
  const table = scene.table;
  const narrow = width < 1000;
  const changed = scene.change && width > 560;
  const outcomes = (narrow ? 82 : 92) + (changed ? FORMER.reward : 0);
  const numbers = (table.title ? (narrow ? 84 : 92) : 0) + (changed ? FORMER.number : 0);
  const bar = table.title && width > 740 ? (narrow ? 60 : 84) + (changed ? FORMER.bar : 0) : 0;
  const side = width < 440 ? 0 : outcomes + numbers + bar;
  app.side = side;
  app.columns = {
    outcome: width - side + 44 + (changed ? FORMER.reward : 0),
    was: changed ? width - bar - 14 - FORMER.number : 0,
    number: width - bar - 14,
    bar: bar ? width - bar / 2 - 6 : 0,
    reach: bar ? bar / 2 - 10 : 0,
  };
}

// Ends, share right, number and spread of each subtree.
/** @param {App} app */
function foldedColumns(app) {
  const { width } = app;
  const spread = width > 620 ? SUBTREE.spread : 0;
  const numbers = app.scene.table.title && width > 520 ? SUBTREE.number : 0;
  app.side = width < 440 ? 0 : SUBTREE.ends + SUBTREE.right + numbers + spread;
  app.columns = {
    outcome: width - spread - numbers - 6, was: 0, number: numbers ? width - spread - 6 : 0,
    bar: spread ? width - spread + 8 : 0, reach: spread - 14,
  };
}

// A subtree that is drawn as one shape.
/** @param {App} app @param {number} i */
export function isShape(app, i) {
  return Boolean(app.scene.folded) && !app.shape.children[i].length && app.scene.x[i] < 1;
}

// Several subtrees of one family that are drawn as one shape.
/** @param {App} app @param {number} i */
export function isRest(app, i) {
  return Boolean(app.scene.folded?.[i].rest.length);
}

// Where the last column stands.
/** @param {App} app */
export function plotEnd(app) {
  return app.left + app.plot * app.view.zx + app.view.ox;
}

// An answer that is neither right nor wrong.
/** @param {number | null} share */
export function isPartial(share) {
  return share !== null && share > 0 && share < 1;
}

// Whether it was taken away from a forest that was changed.
/** @param {App} app @param {number} i */
export function isPruned(app, i) {
  return Boolean(app.scene.change?.pruned[i]);
}

// Whether it is the end of an answer of which no outcome is known, where outcomes are shown.
/** @param {App} app @param {number} i */
export function isUnscored(app, i) {
  const { table, share, parent, folded } = app.scene;
  return table.outcomes && !folded && share[i] === null && parent[i] >= 0 && !app.shape.children[i].length && !isPruned(app, i);
}

// On an axis in tokens the last words stand right of the leaf that ends last.
/** @param {App} app */
export function leafRoom(app) {
  if (app.scene.folded) return PAD.folded;
  if (app.scene.axis.kind !== "tokens") return PAD.leaf;
  const last = app.ends.filter((i) => app.scene.x[i] > 0.85).slice(0, 100);
  const widest = Math.max(0, ...last.map((i) => widthOf(app, `11px ${app.theme.sans}`, app.scene.label[i])));
  return Math.max(PAD.leaf, Math.min(28 + widest, app.width * 0.13));
}

/** @param {App} app */
export function fitView(app, { whole = app.whole } = {}) {
  const space = app.room - PAD.top - PAD.bottom;
  const spread = space / Math.max(app.rows - 1, 1);
  const ky = whole ? Math.min(ROW.most, spread) : Math.min(ROW.most, Math.max(app.scene.folded ? MIN_FOLDED : ROW.least, spread));
  return { zx: 1, ky, ox: 0, oy: 0 };
}

// A view that the reader has not moved keeps fitting.
/** @param {App} app */
export function refit(app) {
  if (!app.touched) Object.assign(app.view, fitView(app));
}

/** @param {App} app */
export function contentHeight(app) {
  return PAD.top + PAD.bottom + (app.rows - 1) * app.view.ky;
}

/** @param {App} app @param {View} view */
export function clampView(app, view) {
  const high = PAD.top + PAD.bottom + (app.rows - 1) * view.ky;
  const wide = app.left + leafRoom(app) + app.plot * view.zx;
  const room = app.width - app.side;
  view.oy = Math.min(0, Math.max(view.oy, Math.min(0, app.room - app.cover - high)));
  view.ox = Math.min(0, Math.max(view.ox, Math.min(0, room - wide)));
  return view;
}

/** @param {App} app @param {number} i */
export function screenX(app, i) {
  return app.left + app.ax[i] * app.plot * app.view.zx + app.view.ox;
}

/** @param {App} app @param {number} i */
export function screenY(app, i) {
  return heightOfRow(app, app.ay[i]);
}

/** @param {App} app @param {number} row */
export function heightOfRow({ view }, row) {
  return HEAD + PAD.top + row * view.ky + view.oy;
}

// Whether a step stands in the window, with all of its row.
/** @param {App} app @param {number} i */
export function inSight(app, i) {
  const y = screenY(app, i);
  const x = screenX(app, i);
  const half = Math.min(app.view.ky / 2, 20);
  return app.scene.parent[i] >= 0 && y - half > HEAD && y + half < app.height && x > 0 && x < app.width - app.side;
}

/** @param {App} app */
export function columnWidth(app) {
  return (app.plot * app.view.zx) / app.shape.deepest;
}

/** @param {App} app */
export function nodeRadius(app) {
  return Math.max(1.5, Math.min(tallRadius(app), Math.max(2, columnWidth(app) * 0.36)));
}

// As large as the rows allow.
/** @param {App} app */
function tallRadius(app) {
  const { ky } = app.view;
  return Math.min(8.5, 2 + ky * 0.16, ky * 0.45);
}

// Where steps are too close for more than dots, roots, forks and leaves are larger, as far as they keep clear of each other.
/** @param {App} app @param {number} i */
export function radiusOf(app, i) {
  return app.landmarks.radius.get(i) ?? nodeRadius(app);
}

// Found anew where places or zoom change, not while the view moves.
/** @param {App} app */
export function findLandmarks(app) {
  const { laidOut, plot, landmarks: { of }, view: { zx, ky } } = app;
  if (of && !app.motion && of.laidOut === laidOut && of.plot === plot && of.zx === zx && of.ky === ky) return;
  app.landmarks = { of: app.motion ? null : { laidOut, plot, zx, ky }, radius: landmarkRadii(app), apart: new Map() };
}

/** @param {App} app */
function landmarkRadii(app) {
  const found = new Map();
  const most = tallRadius(app);
  if (nodeRadius(app) >= SMALL || most < SMALL) return found;
  const near = new Int32Array(app.shape.n).fill(-1);
  for (const i of app.laidOut) {
    const above = app.scene.parent[i];
    near[i] = above < 0 ? -1 : near[above];
    if (above >= 0 && !isFork(app, i) && app.shape.children[i].length) continue;
    const other = near[i];
    const gap = other < 0 ? Infinity : Math.hypot(screenX(app, i) - screenX(app, other), screenY(app, i) - screenY(app, other));
    found.set(i, Math.min(most, gap * 0.36));
    if (other >= 0) found.set(other, Math.min(found.get(other), gap * 0.36));
    near[i] = i;
  }
  for (const [i, radius] of found) if (radius < SMALL) found.delete(i);
  return found;
}

/** @param {number} dx */
export function bendOf(dx) {
  return Math.min(54, dx * 0.5);
}

// The node under a point: its dot, else its line and label, else its line of the table. -1 when there is none.
/** @param {App} app @param {number} px @param {number} py @param {number} [reach] */
export function nodeAt(app, px, py, reach = 14 - nodeRadius(app)) {
  if (py < HEAD) return -1;
  let best = -1;
  let least = reach;
  let weak = -1;
  let weakDistance = Math.min(18, app.view.ky * 0.5);
  const inTable = app.side > 0 && px > app.width - app.side;
  for (const i of inTable ? endsBetween(app, py - 20, py + 20) : nodesBetween(app, py - 20, py + 20)) {
    const dy = Math.abs(py - screenY(app, i));
    if (dy > 20) continue;
    if (inTable) {
      if (dy < weakDistance) [weak, weakDistance] = [i, dy];
      continue;
    }
    const x = screenX(app, i);
    const distance = Math.hypot(px - x, dy) - radiusOf(app, i);
    if (distance < least) [best, least] = [i, distance];
    const above = app.scene.parent[i];
    if (above < 0 || dy >= weakDistance) continue;
    const from = screenX(app, above);
    if (px > from + bendOf(x - from) * 0.8 && px < (isShape(app, i) ? plotEnd(app) : x)) [weak, weakDistance] = [i, dy];
  }
  return best >= 0 ? best : weak;
}

/** @param {App} app @param {number} node */
export function pathTo(app, node) {
  const path = [];
  for (let i = node; i >= 0; i = app.scene.parent[i]) path.push(i);
  return path;
}

/** @param {App} app @param {number} i */
export function isFork(app, i) {
  return app.branches[i] > 1;
}

// Numbers as treecore/core/numerals.py writes them.
/** @param {number | null | undefined} value @param {number} decimals */
export function formatNumber(value, decimals, { sign = false } = {}) {
  if (value === null || value === undefined) return "–";
  const size = Math.abs(value);
  if (size < 1e-9) return "0";
  return (value < 0 ? "−" : sign ? "+" : "") + magnitude(size, decimals);
}

/** @param {number} size @param {number} decimals */
function magnitude(size, decimals) {
  if (size >= 1e4) return size.toExponential(1).replace("e+", "e");
  const text = size.toFixed(decimals);
  if (Number(text) !== 0) return text;
  return size < 1e-3 ? size.toExponential(0) : size.toPrecision(1);
}

// A whole number as it is, any other with two decimals.
/** @param {number} value */
export function short(value) {
  return formatNumber(value, Number.isInteger(value) ? 0 : 2);
}

/** @param {number} count */
export function whole(count) {
  return count.toLocaleString("en-US");
}

/** @param {App} app @param {number} i */
export function stepNumber(app, i) {
  return app.shape.depth[i];
}
