// Hits of a search as they are lit: a halo behind the node, a shade behind its words.

import { radiusOf, screenX, screenY } from "./geometry.js";

const HALO = 0.3;
const SHADE = 0.18;
const MIN_RING = 4;

/** @param {App} app @param {number} i */
export function isLit(app, i) {
  return app.found.lit.has(i);
}

/** @param {App} app @param {number[]} nodes */
export function drawLit(app, nodes) {
  if (!app.found.all.length) return;
  const { context, theme } = app;
  context.fillStyle = theme.accent;
  for (const i of nodes) {
    if (!isLit(app, i)) continue;
    const r = radiusOf(app, i);
    context.globalAlpha = HALO * app.alpha[i];
    context.beginPath();
    context.arc(screenX(app, i), screenY(app, i), Math.max(r + 5.5, MIN_RING), 0, 2 * Math.PI);
    context.fill();
  }
  context.globalAlpha = 1;
}

/** @param {App} app @param {number} i @param {Box} box */
export function shadeWords(app, i, { x0, y0, x1, y1 }) {
  if (!isLit(app, i)) return;
  const { context, theme } = app;
  const before = context.globalAlpha;
  context.globalAlpha = SHADE * app.alpha[i];
  context.fillStyle = theme.accent;
  context.beginPath();
  context.roundRect(x0, y0, x1 - x0, y1 - y0, 4);
  context.fill();
  context.globalAlpha = before;
}
