// What only the film draws: siblings in a bracket where they stand, numbers on their way up, a weight on every token.

import { bendOf, radiusOf, screenX, screenY } from "./geometry.js";
import { badgeWidth, pill } from "./nodes.js";
import { css, diverging } from "./palette.js";

const APART = 56;

// Where a bracket stands: a line down the column of the nearest sibling, and the box of its words between two of them.
/** @param {App} app @param {SceneBracket} bracket */
export function bracketOf(app, { rows, text }) {
  const across = Math.min(...rows.map((i) => screenX(app, i)));
  const heights = rows.map((i) => screenY(app, i)).sort((a, b) => a - b);
  const middle = (heights[0] + heights[heights.length - 1]) / 2;
  const gaps = heights.slice(1).map((y, k) => ({ y: (y + heights[k]) / 2, room: y - heights[k] }));
  const { y, room } = gaps.reduce((best, gap) => (Math.abs(gap.y - middle) < Math.abs(best.y - middle) ? gap : best));
  const half = badgeWidth(app, text) / 2;
  const x = room < APART ? across + half + 12 : across;
  return { x: across, heights, pill: { x, y }, box: { x0: x - half, y0: y - 8, x1: x + half, y1: y + 8 } };
}

/** @param {App} app */
export function drawBracket(app) {
  const { brackets, bracket } = app.scene.stage;
  if (bracket === null) return;
  const { context, theme } = app;
  const { x, heights } = bracketOf(app, brackets[bracket]);
  context.strokeStyle = theme.accent;
  context.lineWidth = 1.6;
  context.beginPath();
  context.moveTo(x, heights[0]);
  context.lineTo(x, heights[heights.length - 1]);
  for (const y of heights) {
    context.moveTo(x - 5, y);
    context.lineTo(x + 5, y);
  }
  context.stroke();
}

/** @param {App} app */
export function drawBracketWords(app) {
  const { brackets, bracket } = app.scene.stage;
  if (bracket === null) return;
  const { pill: at } = bracketOf(app, brackets[bracket]);
  pill(app, at.x, at.y, brackets[bracket].text, app.theme.accent, true);
}

// Numbers set out when a stage begins that has them and that the one before did not yet show.
/** @param {App} app @param {App | null} before */
export function setOut(app, before) {
  const shown = before?.scene.stage.badges;
  const moves = app.scene.stage.moves.filter(([, parent]) => shown && !(parent in shown));
  app.travel = moves.length && app.scene.stage.badges ? { moves, t: 0 } : null;
}

/** @param {App} app */
export function arriving(app) {
  return new Set(app.travel ? app.travel.moves.map(([, parent]) => parent) : []);
}

// Along the line of the child, then along its bend to the parent.
/** @param {App} app */
export function drawTravelling(app) {
  if (!app.travel) return;
  const { moves, t } = app.travel;
  for (const [child, , text] of moves) {
    if (!app.shown[child] || radiusOf(app, child) < 4) continue;
    const above = app.scene.parent[child];
    const [x0, y0] = [screenX(app, above), screenY(app, above)];
    const [x1, y1] = [screenX(app, child), screenY(app, child)];
    const turn = x0 + bendOf(x1 - x0);
    const share = (x1 - turn) / (x1 - x0 || 1);
    const way = t <= share ? 0 : (t - share) / (1 - share || 1);
    const x = x1 + (x0 - x1) * t;
    pill(app, x, y1 + (y0 - y1) * way * way * (3 - 2 * way), text, app.theme.ink, true);
  }
}

// A stroke for every token of a step, in the colour of the weight that training puts on it.
/** @param {App} app @param {number[]} nodes */
export function drawTokens(app, nodes) {
  const { weights } = app.scene.stage;
  if (!weights) return;
  const { context, scene, theme } = app;
  for (const i of nodes) {
    const weight = weights[i];
    const count = scene.tokens[i];
    const above = scene.parent[i];
    if (weight === null || count < 1 || above < 0) continue;
    const x0 = screenX(app, above);
    const x1 = screenX(app, i) - radiusOf(app, i) - 3;
    const from = x0 + bendOf(x1 - x0);
    const each = (x1 - from) / count;
    if (each <= 0) continue;
    context.globalAlpha = app.alpha[i];
    context.fillStyle = css(scene.table.low === null ? diverging(theme, weight, scene.fill.high) : [app.rgb[3 * i], app.rgb[3 * i + 1], app.rgb[3 * i + 2]]);
    const gap = each >= 4 ? 1.5 : 0;
    const y = screenY(app, i) - 2.5;
    for (let k = 0; k < (gap ? count : 1); k++) context.fillRect(from + k * each, y, (gap ? each : x1 - from) - gap, 5);
  }
  context.globalAlpha = 1;
}
