// A folded forest on the canvas: shapes for subtrees, hits that they hide, and the table of what is under each row.

import { percent } from "../../browse/dom.js";
import {
  formatNumber, HEAD, isRest, isShape, plotEnd, radiusOf, screenX, screenY, SUBTREE, whole,
} from "./geometry.js";
import { isFaded } from "./nodes.js";
import { colourOf, css, diverging, rising } from "./palette.js";
import { widthOf } from "./text_width.js";

const THIN = 1.5;
const TALLEST = 11;

// A shape begins at its node and ends in the last column; its height is its ends, its fill their mean colour.
/** @param {App} app @param {number[]} nodes */
export function drawShapes(app, nodes) {
  const { folded, fill } = app.scene;
  if (!folded) return;
  const { context, theme } = app;
  const most = Math.max(...app.ends.map((i) => folded[i].ends));
  for (const i of nodes) {
    if (!isShape(app, i)) continue;
    const [x, y] = [screenX(app, i) + (isRest(app, i) ? 0 : radiusOf(app, i)), screenY(app, i)];
    const end = plotEnd(app);
    const half = Math.min(THIN + TALLEST * Math.sqrt(folded[i].ends / most), app.view.ky * 0.42);
    context.globalAlpha = isFaded(app, i) ? 0.35 : 1;
    context.beginPath();
    context.moveTo(x, y - THIN);
    context.lineTo(end - 3, y - half);
    context.quadraticCurveTo(end, y - half, end, y - half + 3);
    context.lineTo(end, y + half - 3);
    context.quadraticCurveTo(end, y + half, end - 3, y + half);
    context.lineTo(x, y + THIN);
    context.closePath();
    const { colour } = folded[i];
    context.fillStyle = colour === null || !fill.on ? theme.edge : css(colourOf(theme, fill, colour, fill.hue?.[i]));
    context.fill();
    if (i === app.selected) {
      context.lineWidth = 2;
      context.strokeStyle = theme.accent;
      context.stroke();
    }
  }
  context.globalAlpha = 1;
}

// How many hits a shape hides, at its end.
/** @param {App} app @param {number[]} nodes */
export function drawHidden(app, nodes) {
  const { folded } = app.scene;
  if (!folded) return;
  const { context, theme } = app;
  const font = `600 10.5px ${theme.mono}`;
  for (const i of nodes) {
    if (!isShape(app, i) || !folded[i].hits) continue;
    const text = whole(folded[i].hits);
    const half = widthOf(app, font, text) / 2 + 6;
    const [x, y] = [plotEnd(app) + 5 + half, screenY(app, i)];
    context.beginPath();
    context.roundRect(x - half, y - 8, 2 * half, 16, 8);
    context.fillStyle = theme.fill;
    context.fill();
    context.font = font;
    context.fillStyle = theme.on_fill;
    context.textAlign = "center";
    context.textBaseline = "middle";
    context.fillText(text, x, y + 0.5);
  }
}

/** @param {App} app */
export function drawSubtreeTable(app) {
  const { context, theme, columns, scene, view } = app;
  if (!app.side) return;
  context.textBaseline = "middle";
  context.font = `12px ${theme.sans}`;
  context.textAlign = "right";
  context.fillStyle = theme.muted;
  context.fillText("ends", columns.outcome - SUBTREE.right, 17);
  if (scene.table.outcomes) context.fillText("right", columns.outcome, 17);
  if (columns.number) context.fillText(scene.table.title, columns.number, 17);
  context.textAlign = "left";
  if (columns.bar) context.fillText("spread", columns.bar, 17);
  context.save();
  context.beginPath();
  context.rect(app.width - app.side, HEAD, app.side, app.room);
  context.clip();
  for (const i of app.ends) {
    const y = screenY(app, i);
    if (y > HEAD - 20 && y < app.height + 20 && view.ky >= 11) drawSubtree(app, i, y);
  }
  context.restore();
}

/** @param {App} app @param {number} i @param {number} y */
function drawSubtree(app, i, y) {
  const { context, theme, columns, scene } = app;
  const { ends, right, scored, mean } = /** @type {Folded[]} */ (scene.folded)[i];
  if (i === app.selected || i === app.hover) {
    context.fillStyle = theme.hairline;
    context.globalAlpha = 0.6;
    context.beginPath();
    context.roundRect(app.width - app.side + 4, y - 13, app.side - 8, 26, 6);
    context.fill();
    context.globalAlpha = 1;
  }
  context.font = `12px ${theme.mono}`;
  context.textAlign = "right";
  context.fillStyle = isFaded(app, i) ? theme.muted : theme.ink;
  context.fillText(whole(ends), columns.outcome - SUBTREE.right, y + 0.5);
  if (scene.table.outcomes) context.fillText(scored ? percent(right / scored) : "–", columns.outcome, y + 0.5);
  if (columns.number) {
    context.fillText(formatNumber(mean, scene.table.decimals, { sign: scene.table.low === null }), columns.number, y + 0.5);
  }
  if (columns.bar) drawSpread(app, i, y);
}

// How the numbers of the ends spread over the scale, the highest bar as high as the row lets it be.
/** @param {App} app @param {number} i @param {number} y */
function drawSpread(app, i, y) {
  const { context, theme, columns, scene } = app;
  const { bins } = /** @type {Folded[]} */ (scene.folded)[i];
  const { low, limit } = scene.table;
  const [most, wide, high] = [Math.max(...bins, 1), columns.reach / bins.length, Math.min(18, app.view.ky - 8)];
  context.fillStyle = theme.hairline;
  context.fillRect(columns.bar, y + high / 2, columns.reach, 1);
  bins.forEach((count, k) => {
    if (!count) return;
    const share = (k + 0.5) / bins.length;
    context.fillStyle = css(low === null ? diverging(theme, (2 * share - 1) * limit, limit) : rising(theme, share));
    const tall = Math.max(1.5, (high * count) / most);
    context.fillRect(columns.bar + k * wide, y + high / 2 - tall, wide - 1, tall);
  });
}
