// Edges and nodes. Off-screen parts are culled; what falls on one pixel is drawn once, as its mean.

import PALETTE from "../../../treecore/views/palette.json" with { type: "json" };
import { drawChanges, drawPruned, governsOf } from "./changed.js";
import { nodesBetween } from "./culling.js";
import { bendOf, HEAD, isFork, isPruned, isRest, isUnscored, nodeRadius, radiusOf, screenX, screenY, SMALL, whole } from "./geometry.js";
import { colourOf, css, governing, hatching, luminance } from "./palette.js";
import { arriving, drawBracketWords, drawTravelling } from "./film.js";
import { widthOf } from "./text_width.js";

/** @param {App} app @param {number} [margin] @param {number[]} [among] */
export function visibleNodes(app, margin = 20, among = app.order) {
  const right = app.width - app.side + 20;
  const lastPixel = isCrowded(app) ? new Int32Array(app.shape.deepest + 1).fill(-9) : null;
  const found = [];
  for (const i of nodesBetween(app, HEAD - margin, app.height + margin, among)) {
    const y = screenY(app, i);
    const above = app.scene.parent[i];
    const x = screenX(app, i);
    if (x < -20 || (above >= 0 && screenX(app, above) > right)) continue;
    if (lastPixel) {
      const level = app.shape.depth[i];
      if (Math.round(y) === lastPixel[level]) continue;
      lastPixel[level] = Math.round(y);
    }
    found.push(i);
  }
  return found;
}

// Whether rows are so close that several share a line of pixels.
/** @param {App} app */
export function isCrowded(app) {
  return app.view.ky < 1.4;
}

/** @param {App} app @param {number} i */
export function edgeWidth(app, i) {
  const thick = Math.min(4.8, 2 + 0.9 * Math.log2(app.scene.leaves[i]));
  return Math.max(app.view.ky < 4 ? 0.6 : 1, thick * Math.min(1, 0.35 + app.view.ky / 60));
}

/** @param {App} app @param {number} i */
export function traceEdge(app, i) {
  const context = app.context;
  const above = app.scene.parent[i];
  const x0 = screenX(app, above);
  const y0 = screenY(app, above);
  const x1 = screenX(app, i);
  const y1 = screenY(app, i);
  const bend = bendOf(x1 - x0);
  context.moveTo(x0, y0);
  if (Math.abs(y1 - y0) > 0.5) context.bezierCurveTo(x0 + bend * 0.6, y0, x0 + bend * 0.4, y1, x0 + bend, y1);
  context.lineTo(x1, y1);
}

// Where leaves end at different times, a dotted line leads the eye to their line of the table.
/** @param {App} app @param {number[]} nodes */
export function drawGuides(app, nodes) {
  if (app.scene.axis.kind === "steps" || app.view.ky < 16 || !app.side) return;
  const { context, theme } = app;
  const end = app.width - app.side;
  context.strokeStyle = theme.edge;
  context.lineWidth = 1;
  context.setLineDash([1, 5]);
  context.beginPath();
  for (const i of nodes) {
    if (app.shape.children[i].length) continue;
    context.moveTo(screenX(app, i) + radiusOf(app, i) + 14, screenY(app, i));
    context.lineTo(Math.max(end, screenX(app, i)), screenY(app, i));
  }
  context.stroke();
  context.setLineDash([]);
}

/** @param {App} app @param {number} i */
export function isFaded(app, i) {
  return app.highlight.size > 0 && !app.highlight.has(i);
}

/** @param {App} app @param {number} i */
function fade(app, i) {
  if (isFaded(app, i)) app.context.globalAlpha *= 0.35;
}

/** @param {App} app @param {number[]} nodes */
export function drawEdges(app, nodes) {
  const { context, theme, scene } = app;
  const buckets = new Map();
  for (const i of nodes) {
    if (scene.parent[i] < 0 || isPruned(app, i)) continue;
    const alpha = Math.round(app.alpha[i] * (isFaded(app, i) ? 0.45 : 1) * 20) / 20;
    const key = `${Math.round(edgeWidth(app, i) * 2) / 2} ${alpha}`;
    if (!buckets.has(key)) buckets.set(key, []);
    buckets.get(key).push(i);
  }
  context.lineCap = "round";
  context.strokeStyle = theme.edge;
  for (const [key, list] of buckets) {
    const [width, alpha] = key.split(" ").map(Number);
    context.lineWidth = width;
    context.globalAlpha = alpha;
    for (let start = 0; start < list.length; start += 2000) {
      context.beginPath();
      for (const i of list.slice(start, start + 2000)) traceEdge(app, i);
      context.stroke();
    }
  }
  context.globalAlpha = 1;
  drawPruned(app, nodes, (i) => traceEdge(app, i));
  context.strokeStyle = theme.accent;
  for (const i of app.path) {
    if (scene.parent[i] < 0 || !app.shown[i]) continue;
    context.lineWidth = edgeWidth(app, i) + 1.3;
    context.beginPath();
    traceEdge(app, i);
    context.stroke();
  }
}

/** @param {CanvasRenderingContext2D} context @param {App} app @param {number} i @param {number} x @param {number} y @param {number} r */
function outline(context, app, i, x, y, r) {
  const share = app.scene.table.outcomes ? app.scene.share[i] : null;
  context.beginPath();
  if (isUnscored(app, i)) traceDiamond(context, x, y, r * 1.2);
  else if (share === null || share >= 1) context.arc(x, y, r, 0, 2 * Math.PI);
  else context.roundRect(x - r * 0.9, y - r * 0.9, r * 1.8, r * 1.8, r * (0.22 + 0.4 * Math.max(0, share)));
}

/** @param {CanvasRenderingContext2D} context @param {number} x @param {number} y @param {number} r */
function traceDiamond(context, x, y, r) {
  context.moveTo(x, y - r);
  for (const [dx, dy] of [[r, 0], [0, r], [-r, 0]]) context.lineTo(x + dx, y + dy);
  context.closePath();
}

/** @param {App} app @param {number[]} nodes */
export function drawNodes(app, nodes) {
  if (nodeRadius(app) < SMALL) drawDots(app, nodes, nodeRadius(app));
  const hatch = hatching(app);
  for (const i of nodes) {
    const r = radiusOf(app, i);
    if (r < SMALL || isPruned(app, i) || isRest(app, i)) continue;
    app.context.globalAlpha = app.alpha[i];
    if (app.scene.parent[i] < 0) drawRoot(app, i, r);
    else drawNode(app, i, r, hatch);
  }
  app.context.globalAlpha = 1;
}

// Dots are no higher than their rows, so that none covers its neighbour and changes the share of a colour.
/** @param {App} app @param {number[]} nodes @param {number} r */
function drawDots(app, nodes, r) {
  const { context, theme } = app;
  const half = Math.min(r, app.view.ky / 2);
  if (isCrowded(app)) drawCells(app, r);
  else {
    for (const i of nodes) {
      context.fillStyle = app.blank[i] ? theme.edge : css([app.rgb[3 * i], app.rgb[3 * i + 1], app.rgb[3 * i + 2]]);
      context.fillRect(screenX(app, i) - r, screenY(app, i) - half, 2 * r, 2 * half);
    }
  }
  for (const i of app.path) {
    context.fillStyle = theme.accent;
    if (app.shown[i]) context.fillRect(screenX(app, i) - r, screenY(app, i) - r, 2 * r, 2 * r);
  }
}

// Where many nodes of a column fall on one line of pixels, it takes the colour of their mean.
/** @param {App} app @param {number} r */
function drawCells(app, r) {
  const { context, theme, scene } = app;
  const cells = new Map();
  for (const i of nodesBetween(app, HEAD, app.height)) {
    const [x, y] = [Math.round(screenX(app, i)), Math.floor(screenY(app, i))];
    if (y < HEAD || y > app.height || x < -20 || x > app.width - app.side + 20) continue;
    const key = y * 65536 + x + 64;
    let cell = cells.get(key);
    if (!cell) cells.set(key, (cell = { x, y, sum: 0, hue: 0, known: 0 }));
    const value = scene.fill.on ? scene.fill.values[i] : null;
    if (value === null) continue;
    cell.sum += value;
    cell.hue += scene.fill.hue?.[i] ?? 0;
    cell.known++;
  }
  for (const { x, y, sum, hue, known } of cells.values()) {
    const colour = known ? css(colourOf(theme, scene.fill, sum / known, hue / known)) : null;
    context.fillStyle = colour ?? (scene.fill.on ? theme.edge : css(theme.neutral));
    context.fillRect(x - r, y, 2 * r, 1);
  }
}

/** @param {App} app @param {number} i @param {number} r */
function drawRoot(app, i, r) {
  const { context, theme } = app;
  const x = screenX(app, i);
  const y = screenY(app, i);
  const half = r * 0.86;
  context.beginPath();
  context.roundRect(x - half, y - half, 2 * half, 2 * half, 3);
  context.fillStyle = theme.background;
  context.fill();
  fade(app, i);
  if (isFork(app, i)) drawRing(app, i, x, y, r);
  context.beginPath();
  context.roundRect(x - half, y - half, 2 * half, 2 * half, 3);
  context.lineWidth = 1.7;
  context.strokeStyle = theme.muted;
  context.stroke();
  drawCollapsed(app, i, x, y, r);
}

/** @param {App} app @param {number} i @param {number} r @param {CanvasPattern} hatch */
function drawNode(app, i, r, hatch) {
  const { context, theme } = app;
  const x = screenX(app, i);
  const y = screenY(app, i);
  outline(context, app, i, x, y, r + 2.2);
  context.fillStyle = theme.background;
  context.fill();
  fade(app, i);
  if (isFork(app, i)) drawRing(app, i, x, y, r);
  const colour = [app.rgb[3 * i], app.rgb[3 * i + 1], app.rgb[3 * i + 2]];
  outline(context, app, i, x, y, r);
  context.fillStyle = app.blank[i] ? hatch : css(colour);
  context.fill();
  if (app.blank[i] || isPale(app, colour)) {
    context.lineWidth = 1;
    context.strokeStyle = theme.muted;
    context.stroke();
  }
  if (!app.blank[i]) drawSign(app, i, x, y, r, colour);
  drawPartial(app, i, x, y, r);
  drawCollapsed(app, i, x, y, r);
}

// Whether a colour is too near the background to be seen without an outline.
/** @param {App} app @param {Rgb} colour */
function isPale(app, colour) {
  return app.theme.dark ? luminance(colour) < 0.4 : luminance(colour) > 0.6;
}

// What a fork decides: the ring's strength, the same scale as the ruler above the trees.
/** @param {App} app @param {number} i @param {number} x @param {number} y @param {number} r */
function drawRing(app, i, x, y, r) {
  const { context, theme } = app;
  context.beginPath();
  context.arc(x, y, r + 4.2, 0, 2 * Math.PI);
  context.lineWidth = Math.min(3, 1 + r * 0.24);
  context.strokeStyle = css(governing(theme, governsOf(app, i)));
  context.stroke();
}

/** @param {App} app @param {number} i @param {number} x @param {number} y @param {number} r @param {Rgb} colour */
function drawSign(app, i, x, y, r, colour) {
  const { fill, credit } = app.scene;
  const value = fill.kind === "diverging" ? fill.values[i] : credit[i];
  if (!fill.on || (fill.kind !== "diverging" && fill.kind !== "both") || value === null || r < 5) return;
  const { context } = app;
  const arm = r * 0.42;
  const ink = luminance(colour) > 0.6 ? PALETTE.light.ink : PALETTE.light.background;
  context.lineWidth = Math.max(1.3, r * 0.2);
  context.lineCap = "butt";
  context.strokeStyle = context.fillStyle = ink;
  context.beginPath();
  if (value === 0) {
    context.arc(x, y, r * 0.2, 0, 2 * Math.PI);
    context.fill();
    return;
  }
  context.moveTo(x - arm, y);
  context.lineTo(x + arm, y);
  if (value > 0) {
    context.moveTo(x, y - arm);
    context.lineTo(x, y + arm);
  }
  context.stroke();
}

// Partial reward: how much of the way from wrong to right, as a tick beside the leaf.
/** @param {App} app @param {number} i @param {number} x @param {number} y @param {number} r */
function drawPartial(app, i, x, y, r) {
  const share = app.scene.share[i];
  if (!app.scene.table.outcomes || share === null || share <= 0 || share >= 1) return;
  const { context, theme } = app;
  const left = x + r + 5;
  context.fillStyle = theme.edge;
  context.fillRect(left, y - r, 3, 2 * r);
  context.fillStyle = theme.muted;
  context.fillRect(left, y + r - 2 * r * share, 3, 2 * r * share);
}

/** @param {App} app @param {number} i @param {number} x @param {number} y @param {number} r */
function drawCollapsed(app, i, x, y, r) {
  if (app.collapsed.has(i)) pill(app, x + r + 22, y, `+${whole(app.scene.leaves[i])}`, app.theme.ink);
}

/** @param {App} app */
function badgeFont(app) {
  return `600 10.5px ${app.theme.mono}`;
}

/** @param {App} app @param {string} text */
export function badgeWidth(app, text) {
  return widthOf(app, badgeFont(app), text) + 11;
}

// The width of the longest badge that a node has in the film, which words leave free; 0 for none.
/** @param {App} app @param {number} i */
export function laneWidth(app, i) {
  const { badges, lane } = app.scene.stage;
  const text = lane ? "0".repeat(lane[i]) : (badges[i] ?? "");
  return text ? badgeWidth(app, text) : 0;
}

/** @param {App} app @param {number} x @param {number} y @param {string} text @param {string} ink @param {boolean} [marked] */
export function pill(app, x, y, text, ink, marked = false) {
  const { context, theme } = app;
  const half = badgeWidth(app, text) / 2;
  context.font = badgeFont(app);
  context.beginPath();
  context.roundRect(x - half, y - 8, 2 * half, 16, 8);
  context.fillStyle = theme.panel;
  context.fill();
  context.lineWidth = marked ? 2 : 1;
  context.strokeStyle = marked ? theme.accent : theme.edge;
  context.stroke();
  context.fillStyle = ink;
  context.textAlign = "center";
  context.textBaseline = "middle";
  context.fillText(text, x, y + 0.5);
}

// Badges that overlap no other: first of marked steps, then of the last step of a line.
/** @param {App} app */
export function badgesShown(app) {
  const { badges, marked } = app.scene.stage;
  const first = (/** @type {number} */ i) => (marked.includes(i) ? 0 : 1);
  const rows = Object.keys(badges).map(Number).filter((i) => app.shown[i] && radiusOf(app, i) >= 4);
  rows.sort((a, b) => first(a) - first(b) || screenX(app, b) - screenX(app, a));
  /** @type {Box[]} */
  const taken = [];
  return rows.map((i) => ({ i, text: badges[i], x: screenX(app, i), y: badgeHeight(app, i) })).filter(({ text, x, y }) => {
    const half = badgeWidth(app, text) / 2;
    const box = { x0: x - half, y0: y - 8, x1: x + half, y1: y + 8 };
    if (taken.some((other) => box.x0 < other.x1 && box.x1 > other.x0 && box.y0 < other.y1 && box.y1 > other.y0)) return false;
    return taken.push(box) > 0;
  });
}

/** @param {App} app @param {number} i */
function badgeHeight(app, i) {
  return screenY(app, i) - radiusOf(app, i) - (isFork(app, i) ? 15 : 11);
}

/** @param {App} app */
export function drawBadges(app) {
  drawChanges(app, (x, y, text) => pill(app, x, y, text, app.theme.accent, true));
  const awaited = arriving(app);
  for (const { i, text, x, y } of badgesShown(app)) {
    if (!awaited.has(i)) pill(app, x, y, text, app.theme.ink, app.scene.stage.marked.includes(i));
  }
  drawBracketWords(app);
  drawTravelling(app);
}

// The steps whose numbers stand beside the picture; where one is folded away, what it is folded into.
/** @param {App} app */
export function drawMarked(app) {
  app.context.strokeStyle = app.theme.accent;
  app.context.lineWidth = 2.6;
  for (const i of app.scene.stage.marked.map((row) => shownOf(app, row))) {
    const r = Math.max(radiusOf(app, i), 3);
    const ring = isFork(app, i) && r >= SMALL ? 4 : 0;
    app.context.beginPath();
    app.context.arc(screenX(app, i), screenY(app, i), r + 4.5 + ring, 0, 2 * Math.PI);
    app.context.stroke();
  }
}

/** @param {App} app @param {number} row */
export function shownOf(app, row) {
  let i = row;
  while (!app.shown[i] && app.scene.parent[i] >= 0) i = app.scene.parent[i];
  return i;
}

/** @param {App} app */
export function drawSelection(app) {
  const i = app.selected;
  if (i < 0 || !app.shown[i] || isRest(app, i)) return;
  const { context, theme } = app;
  const r = Math.max(radiusOf(app, i), 3);
  const ring = isFork(app, i) && r >= SMALL ? 4 : 0;
  context.strokeStyle = theme.accent;
  for (const [distance, width] of [[4 + ring, 2.2], [7.6 + ring, 1.1]]) {
    context.beginPath();
    context.arc(screenX(app, i), screenY(app, i), r + distance, 0, 2 * Math.PI);
    context.lineWidth = width;
    context.stroke();
  }
}
