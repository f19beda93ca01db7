// What is written around the trees: headings, the ruler, ticks and the table; and the order in which all is drawn.

import { drawAxis, drawFormerReward, drawGhosts, drawWay } from "./changed.js";
import { endsBetween } from "./culling.js";
import { contentHeight, findLandmarks, formatNumber, HEAD, screenX, screenY, whole } from "./geometry.js";
import { drawCrowdedLabels, drawLabels, haloText } from "./labels.js";
import {
  drawBadges, drawEdges, drawGuides, drawMarked, drawNodes, drawSelection, isCrowded, isFaded, visibleNodes,
} from "./nodes.js";
import { drawBracket, drawTokens } from "./film.js";
import { placeFormula } from "./formula.js";
import { drawLit } from "./lit.js";
import { drawMap } from "./minimap.js";
import { drawPending } from "./pending.js";
import { drawHidden, drawShapes, drawSubtreeTable } from "./shapes.js";
import { css, diverging, governing, rising } from "./palette.js";
import { drawList, isListed } from "./trajectory.js";
import { headingFont, headingOf } from "./text_width.js";

// Beside the root, where no words of a step can be.
/** @param {App} app */
function drawHeadings(app) {
  const { context, theme, view, shape } = app;
  if (view.ky < 12 && shape.roots.length > 1) return;
  context.font = headingFont(app);
  context.textAlign = "right";
  context.textBaseline = "middle";
  shape.roots.forEach((root, number) => {
    const y = screenY(app, root);
    if (!app.shown[root] || y < HEAD - 20 || y > app.height + 20) return;
    haloText(app, headingOf(app, number), screenX(app, root) - 18, y + 0.5, theme.muted);
  });
}

/** @param {App} app */
function drawTicks(app) {
  if (app.scene.axis.kind !== "tokens") return;
  const { context, theme } = app;
  const end = app.scene.axis.end;
  const perTick = (70 / (app.plot * app.view.zx)) * end;
  const power = 10 ** Math.floor(Math.log10(perTick));
  const step = [1, 2, 5, 10].map((k) => k * power).find((size) => size >= perTick) ?? 10 * power;
  context.font = `10px ${theme.mono}`;
  context.textAlign = "center";
  context.textBaseline = "alphabetic";
  for (let at = 0; at <= end + 1e-9; at += Math.max(1, step)) {
    const x = app.left + (at / end) * app.plot * app.view.zx + app.view.ox;
    if (x > app.width - app.side - 8 || x < 8) continue;
    context.fillStyle = theme.muted;
    context.fillText(at === 0 ? "0 tokens" : String(Math.round(at)), x, HEAD - 6);
    context.globalAlpha = 0.7;
    context.fillStyle = theme.hairline;
    context.fillRect(Math.round(x), HEAD, 1, app.height - HEAD);
    context.globalAlpha = 1;
  }
}

/** @param {App} app */
function drawRuler(app) {
  const { context, theme } = app;
  const left = app.left - 6;
  const right = app.width - app.side - 8;
  const y = 17;
  context.font = `12px ${theme.sans}`;
  context.textBaseline = "middle";
  context.textAlign = "left";
  context.fillStyle = theme.muted;
  context.fillText("decides strategy", left, y);
  const start = left + context.measureText("decides strategy").width + 9;
  context.textAlign = "right";
  context.fillText("detail", right, y);
  const end = right - context.measureText("detail").width - 9;
  if (end - start < 30) return;
  const gradient = context.createLinearGradient(start, 0, end, 0);
  gradient.addColorStop(0, css(governing(theme, 1)));
  gradient.addColorStop(1, css(governing(theme, 0)));
  context.fillStyle = gradient;
  context.beginPath();
  context.roundRect(start, y - 4, end - start, 8, 2);
  context.fill();
}

// The heading of the numbers; of a changed forest, of what they were and what they are.
/** @param {App} app */
function drawTitles(app) {
  const { context, scene, columns, theme } = app;
  if (!scene.table.numbers) return;
  const two = Boolean(columns.was);
  context.fillText(scene.table.title, columns.number, two ? 9 : 17);
  if (!two) return;
  context.fillText("was", columns.was, 27);
  context.font = `600 12px ${theme.sans}`;
  context.fillStyle = theme.ink;
  context.fillText("is", columns.number, 27);
}

/** @param {App} app */
function drawTable(app) {
  if (!app.side) return;
  const { context, theme, scene, columns, view } = app;
  const { table } = scene;
  context.textBaseline = "middle";
  context.font = `12px ${theme.sans}`;
  context.textAlign = "right";
  context.fillStyle = theme.muted;
  if (table.outcomes) context.fillText("outcome", columns.outcome + 26, 17);
  drawTitles(app);
  context.save();
  context.beginPath();
  context.rect(app.width - app.side, HEAD, app.side, app.room);
  context.clip();
  if (columns.was) drawAxis(app);
  for (const i of endsBetween(app, HEAD - 20, app.height + 20)) {
    const y = screenY(app, i);
    context.globalAlpha = app.alpha[i];
    if (view.ky >= 11) drawNumbers(app, i, y);
    if (isFaded(app, i)) context.globalAlpha *= 0.45;
    if (table.numbers && columns.bar && !columns.was && !isCrowded(app)) drawBar(app, y, app.collapsed.has(i) ? null : table.values[i]);
  }
  if (table.numbers && columns.bar && isCrowded(app)) drawMeanBars(app);
  context.restore();
}

/** @param {App} app @param {number} i @param {number} y */
function drawNumbers(app, i, y) {
  const { context, theme, scene, columns } = app;
  const small = app.view.ky < 16;
  if (i === app.selected || i === app.hover) {
    context.fillStyle = theme.hairline;
    context.beginPath();
    context.roundRect(app.width - app.side + 4, y - Math.min(13, app.view.ky / 2), app.side - 8, Math.min(26, app.view.ky), 6);
    context.globalAlpha *= 0.6;
    context.fill();
    context.globalAlpha /= 0.6;
  }
  context.textBaseline = "middle";
  context.textAlign = "right";
  const share = scene.share[i];
  const collapsed = app.collapsed.has(i) && app.shape.children[i].length;
  if (scene.table.outcomes && collapsed) {
    context.font = `11px ${theme.sans}`;
    context.fillStyle = theme.muted;
    context.fillText(`${whole(scene.leaves[i])} hidden`, columns.outcome + 26, y);
  } else if (scene.table.outcomes) {
    context.font = `${small ? 10 : 12}px ${theme.mono}`;
    context.fillStyle = share !== null && share >= 1 && !isFaded(app, i) ? theme.ink : theme.muted;
    context.fillText(formatNumber(scene.reward[i], scene.reward_decimals), columns.outcome + 26, y + 0.5);
    drawFormerReward(app, i, y);
    if (share !== null) drawMark(app, i, columns.outcome - 22, y, share >= 1);
  }
  if (!scene.table.numbers || collapsed) return;
  const value = scene.table.values[i];
  const moved = scene.change && scene.change.fill[i] !== null;
  context.font = `${moved ? "600 " : ""}${small ? 10 : 12}px ${theme.mono}`;
  context.fillStyle = value === null || isFaded(app, i) ? theme.muted : theme.ink;
  context.fillText(formatNumber(value, scene.table.decimals, { sign: scene.table.low === null }), columns.number, y + 0.5);
  context.font = `${small ? 10 : 12}px ${theme.mono}`;
  drawWay(app, i, y);
}

/** @param {App} app @param {number} i @param {number} x @param {number} y @param {boolean} right */
function drawMark(app, i, x, y, right) {
  const { context, theme } = app;
  context.lineWidth = 1.5;
  context.lineCap = context.lineJoin = "round";
  context.strokeStyle = right && !isFaded(app, i) ? theme.ink : theme.muted;
  context.beginPath();
  const strokes = right ? [[-4, 0.5, -1.3, 3.5], [-1.3, 3.5, 4, -4]] : [[-3.4, -3.6, 3.4, 3.6], [3.4, -3.6, -3.4, 3.6]];
  for (const [x0, y0, x1, y1] of strokes) {
    context.moveTo(x + x0, y + y0);
    context.lineTo(x + x1, y + y1);
  }
  context.stroke();
}

// Where many leaves share a line of pixels, its bar is their mean.
/** @param {App} app */
function drawMeanBars(app) {
  const lines = new Map();
  for (const i of endsBetween(app, HEAD, app.height)) {
    const y = Math.floor(screenY(app, i));
    const value = app.scene.table.values[i];
    if (value === null || app.collapsed.has(i)) continue;
    const line = lines.get(y) ?? { sum: 0, known: 0 };
    lines.set(y, { sum: line.sum + value, known: line.known + 1 });
  }
  app.context.globalAlpha = 1;
  for (const [y, { sum, known }] of lines) drawBar(app, y + 0.5, sum / known);
}

/** @param {App} app @param {number} y @param {number | null} value */
function drawBar(app, y, value) {
  const { context, theme, scene, columns, view } = app;
  const half = Math.max(0.5, Math.min(6.5, view.ky * 0.4));
  context.fillStyle = theme.edge;
  context.fillRect(columns.bar - 0.5, y - half - 2, 1, 2 * half + 4);
  if (value === null) return;
  const { low, limit } = scene.table;
  const share = low === null ? Math.abs(value) / limit : (value - low) / (limit - low || 1);
  const length = Math.max(0, Math.min(1, share)) * columns.reach;
  context.fillStyle = css(low === null ? diverging(theme, value, limit) : rising(theme, share));
  context.beginPath();
  context.roundRect(value < 0 ? columns.bar - length : columns.bar, y - half, length, 2 * half, Math.min(2, half));
  context.fill();
}

/** @param {App} app */
function drawScroll(app) {
  const high = contentHeight(app);
  if (high <= app.room + 1) return;
  const { context, theme } = app;
  const length = Math.max(24, (app.room * app.room) / high);
  const at = HEAD + ((app.room - length) * -app.view.oy) / (high - app.room);
  context.fillStyle = theme.edge;
  context.beginPath();
  context.roundRect(app.width - 4, at, 3, length, 1.5);
  context.fill();
}

/** @param {App} app */
export function draw(app) {
  const { context } = app;
  context.setTransform(app.ratio, 0, 0, app.ratio, 0, 0);
  context.clearRect(0, 0, app.width, app.height);
  if (!app.scene) return;
  if (isListed(app)) {
    drawList(app);
    return;
  }
  drawTicks(app);
  context.save();
  context.beginPath();
  context.rect(0, HEAD, app.width - app.side, app.room);
  context.clip();
  findLandmarks(app);
  const nodes = visibleNodes(app);
  drawGuides(app, nodes);
  drawPending(app);
  drawShapes(app, nodes);
  drawEdges(app, nodes);
  drawTokens(app, nodes);
  drawBracket(app);
  app.written.clear();
  app.boxes = [];
  const room = app.view.ky >= 21 ? drawLabels(app) : null;
  drawLit(app, nodes);
  drawNodes(app, nodes);
  drawGhosts(app, nodes);
  drawSelection(app);
  drawMarked(app);
  drawBadges(app);
  drawHeadings(app);
  drawCrowdedLabels(app);
  drawHidden(app, nodes);
  placeFormula(app, room);
  context.restore();
  if (app.scene.folded) drawSubtreeTable(app);
  else drawTable(app);
  drawRuler(app);
  if (app.view.oy < 0) {
    context.fillStyle = app.theme.hairline;
    context.fillRect(0, HEAD - 1, app.width, 1);
  }
  if (app.dom.map.hidden) drawScroll(app);
  drawMap(app);
  app.dom.canvas.style.touchAction = contentHeight(app) > app.room + 1 || app.view.zx > 1 ? "none" : "pan-y";
}
