// What a stage has not grown yet: the whole forest, faint, where it will stand.

import { radiusOf, screenX, screenY, SMALL } from "./geometry.js";
import { traceEdge, visibleNodes } from "./nodes.js";

const FAINT = 0.75;

/** @param {App} app */
export function drawPending(app) {
  if (app.order.length === app.laidOut.length && !app.motion) return;
  const { context, theme, scene } = app;
  const pending = visibleNodes(app, 20, app.laidOut.filter((i) => app.alpha[i] < 1));
  context.globalAlpha = FAINT;
  context.strokeStyle = theme.edge;
  context.fillStyle = theme.background;
  context.lineCap = "round";
  context.lineWidth = 1.2;
  context.beginPath();
  for (const i of pending) if (scene.parent[i] >= 0) traceEdge(app, i);
  context.stroke();
  for (const i of pending) {
    const r = radiusOf(app, i);
    if (r < SMALL) continue;
    context.beginPath();
    context.arc(screenX(app, i), screenY(app, i), r, 0, 2 * Math.PI);
    context.globalAlpha = 1;
    context.fill();
    context.globalAlpha = FAINT;
    context.stroke();
  }
  context.globalAlpha = 1;
}
