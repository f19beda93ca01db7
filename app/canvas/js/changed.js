// A forest that was changed: ghosts of the colours that steps had, what was taken away, and how far each number went.

import { HEAD, formatNumber, isFork, isPruned, nodeRadius, radiusOf, screenX, screenY } from "./geometry.js";
import { colourOf, css, diverging, rising } from "./palette.js";
import { widthOf } from "./text_width.js";

const MIN_RADIUS = 5;

// The share of what comes after a step, in which pruned branches do not count.
/** @param {App} app @param {number} i */
export function governsOf(app, i) {
  return (app.scene.change ?? app.scene).governs[i] ?? 0;
}

// Small, beside its node, as it was: round or square, in the colour that it had.
/** @param {App} app @param {number[]} nodes */
export function drawGhosts(app, nodes) {
  const { change, fill, parent } = app.scene;
  if (!change || fill.kind !== "diverging" || nodeRadius(app) < MIN_RADIUS) return;
  const { context, theme } = app;
  for (const i of nodes) {
    const value = change.fill[i];
    if (value === null || parent[i] < 0 || isPruned(app, i)) continue;
    const r = radiusOf(app, i);
    const away = r + (isFork(app, i) ? 6 : 2.5);
    const [x, y] = [screenX(app, i) + away * 0.78 + 2, screenY(app, i) - away * 0.78 - 2];
    const share = change.share[i];
    context.globalAlpha = app.alpha[i];
    context.beginPath();
    if (share === null || share >= 1) context.arc(x, y, 4, 0, 2 * Math.PI);
    else context.roundRect(x - 3.7, y - 3.7, 7.4, 7.4, 1.6);
    context.fillStyle = css(colourOf(theme, fill, value, null));
    context.fill();
    context.lineWidth = 1;
    context.strokeStyle = theme.muted;
    context.stroke();
  }
  context.globalAlpha = 1;
}

// What is gone keeps its place: a dashed line and a hollow node.
/** @param {App} app @param {number[]} nodes @param {(i: number) => void} traceEdge */
export function drawPruned(app, nodes, traceEdge) {
  if (!app.scene.change) return;
  const { context, theme } = app;
  context.lineWidth = 1.2;
  context.strokeStyle = theme.muted;
  context.setLineDash([4, 4]);
  for (const i of nodes) {
    if (!isPruned(app, i)) continue;
    context.globalAlpha = app.alpha[i];
    context.beginPath();
    if (app.scene.parent[i] >= 0) traceEdge(i);
    context.stroke();
    const [x, y, r] = [screenX(app, i), screenY(app, i), radiusOf(app, i)];
    context.beginPath();
    context.roundRect(x - r * 0.9, y - r * 0.9, r * 1.8, r * 1.8, r * 0.4);
    context.fillStyle = theme.background;
    context.fill();
    context.stroke();
  }
  context.setLineDash([]);
  context.globalAlpha = 1;
}

// What was done where: below the node, and below the line before an end, where nothing is written.
/** @param {App} app @param {(x: number, y: number, text: string) => void} pill */
export function drawChanges(app, pill) {
  for (const [row, text] of Object.entries(app.scene.change?.badges ?? {})) {
    const i = Number(row);
    const r = radiusOf(app, i);
    if (!app.shown[i] || r < 4) continue;
    const before = !app.shape.children[i].length && !app.scene.observation[i];
    if (before) pill(screenX(app, i) - r - 24, screenY(app, i) + 13, text);
    else pill(screenX(app, i), screenY(app, i) + r + (isFork(app, i) ? 17 : 13), text);
  }
}

// The outcome that was, struck through, left of the one that is.
/** @param {App} app @param {number} i @param {number} y */
export function drawFormerReward(app, i, y) {
  const was = app.scene.change?.reward[i];
  const { context, theme, columns, scene } = app;
  if (was === null || was === undefined || !columns.was) return;
  const right = columns.outcome - 32;
  const text = formatNumber(was, Math.max(scene.reward_decimals, Number.isInteger(was) ? 0 : 2));
  const width = widthOf(app, context.font, text);
  context.fillStyle = theme.muted;
  context.fillText(text, right, y + 0.5);
  context.fillRect(right - width - 1, y, width + 2, 1);
}

// The number that was, muted, and the way to the one that is: from hollow to full.
/** @param {App} app @param {number} i @param {number} y */
export function drawWay(app, i, y) {
  const { scene, context, theme, columns } = app;
  const { change, table } = scene;
  if (!change || !columns.was) return;
  const [was, now] = [change.numbers[i], isPruned(app, i) ? null : table.values[i]];
  context.fillStyle = theme.muted;
  context.textAlign = "right";
  context.fillText(formatNumber(was, table.decimals, { sign: table.low === null }), columns.was, y + 0.5);
  if (!columns.bar) return;
  const at = (/** @type {number} */ value) => wayX(app, value);
  const colour = (/** @type {number} */ value) =>
    css(table.low === null ? diverging(theme, value, table.limit) : rising(theme, (value - table.low) / (table.limit - table.low || 1)));
  if (was !== null && now !== null && Math.abs(at(was) - at(now)) > 1) {
    context.fillStyle = colour(now);
    context.globalAlpha *= 0.5;
    context.fillRect(Math.min(at(was), at(now)), y - 1.7, Math.abs(at(was) - at(now)), 3.4);
    context.globalAlpha /= 0.5;
  }
  context.lineWidth = 1.6;
  if (was !== null) {
    context.beginPath();
    context.arc(at(was), y, 3.6, 0, 2 * Math.PI);
    context.fillStyle = theme.background;
    context.fill();
    context.strokeStyle = colour(was);
    context.stroke();
  }
  if (now === null) return;
  context.beginPath();
  context.arc(at(now), y, 4.4, 0, 2 * Math.PI);
  context.fillStyle = colour(now);
  context.fill();
}

// Zero, or the middle of the scale, in the middle of the column.
/** @param {App} app @param {number} value */
function wayX(app, value) {
  const { low, limit } = app.scene.table;
  const share = low === null ? value / limit : (2 * (value - low)) / (limit - low || 1) - 1;
  return app.columns.bar + Math.max(-1, Math.min(1, share)) * app.columns.reach;
}

/** @param {App} app */
export function drawAxis(app) {
  const { columns, context, theme } = app;
  if (!app.scene.change || !columns.bar) return;
  context.fillStyle = theme.hairline;
  context.fillRect(columns.bar - 0.5, HEAD, 1, app.room);
}
