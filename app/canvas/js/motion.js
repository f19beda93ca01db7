// Frames and transitions: 200 ms where a branch grows, folds, moves or changes colour; none where motion is unwelcome.

import { clampView, measure, refit } from "./geometry.js";
import { mapWidth } from "./minimap.js";
import { remember } from "./memory.js";
import { paint } from "./palette.js";
import { draw } from "./words.js";

const MOVE_MS = 200;
const TRAVEL_MS = 700;
const AXES = /** @type {const} */ (["zx", "ky", "ox", "oy"]);
const MAX_MOVING_NODES = 20000;
const stillness = window.matchMedia("(prefers-reduced-motion: reduce)");

/** @param {App} app */
export function requestDraw(app) {
  app.frame ||= requestAnimationFrame((now) => {
    app.frame = 0;
    const nodes = advance(app.motion, now, (motion, t) => applyMotion(app, motion, t));
    const view = advance(app.viewMotion, now, (motion, t) => applyView(app, motion, t));
    const travel = advance(app.travel, now, (moving, t) => Object.assign(moving, { t }), TRAVEL_MS);
    if (!travel) app.travel = null;
    if (!nodes) app.motion = null;
    if (!view) app.viewMotion = null;
    syncSize(app);
    draw(app);
    if (nodes || view || travel) requestDraw(app);
  });
}

/**
 * @template {{ start?: number }} Moving
 * @param {Moving | null} motion @param {number} now @param {(motion: Moving, t: number) => void} apply @param {number} [lasts]
 */
function advance(motion, now, apply, lasts = MOVE_MS) {
  if (!motion) return false;
  motion.start ??= now;
  const t = Math.min(1, (now - motion.start) / lasts);
  apply(motion, 1 - (1 - t) ** 3);
  return t < 1;
}

/** @param {App} app @param {Motion<Drawn>} motion @param {number} t */
function applyMotion(app, motion, t) {
  for (const name of /** @type {const} */ (["ax", "ay", "alpha", "rgb"])) {
    const from = motion.from[name];
    const to = motion.to[name];
    const out = app[name];
    for (let k = 0; k < out.length; k++) out[k] = from[k] + (to[k] - from[k]) * t;
  }
}

/** @param {App} app @param {Motion<View>} motion @param {number} t */
function applyView(app, { from, to }, t) {
  for (const name of AXES) app.view[name] = from[name] + (to[name] - from[name]) * t;
  remember(app);
}

// Send every node to where the scene wants it; what is newly shown grows out of its parent, or comes to light in its place
// where the whole forest is known.
/** @param {App} app */
export function settle(app, { still = false } = {}) {
  const { shape, shown } = app;
  const to = {
    ax: Float32Array.from(app.scene.x),
    ay: Float32Array.from(app.row),
    alpha: Float32Array.from(shown),
    rgb: paint(app),
  };
  app.motion = null;
  if (still || stillness.matches || shape.n > MAX_MOVING_NODES || app.ax?.length !== shape.n) {
    Object.assign(app, to);
  } else {
    const from = { ax: app.ax.slice(), ay: app.ay.slice(), alpha: app.alpha.slice(), rgb: app.rgb.slice() };
    for (let i = 0; i < shape.n; i++) {
      const above = app.scene.parent[i];
      if (app.scene.stage.visible || !shown[i] || from.alpha[i] > 0 || above < 0) continue;
      from.ax[i] = from.ax[above];
      from.ay[i] = from.ay[above];
      from.rgb.set(to.rgb.subarray(3 * i, 3 * i + 3), 3 * i);
    }
    app.motion = { from, to };
  }
  if (still || stillness.matches) app.travel = null;
  requestDraw(app);
}

/** @param {App} app @param {Partial<View>} target */
export function moveView(app, target) {
  const to = clampView(app, { ...app.view, ...target });
  if (stillness.matches) {
    Object.assign(app.view, to);
    remember(app);
  } else app.viewMotion = { from: { ...app.view }, to };
  requestDraw(app);
}

/** @param {App} app @param {Partial<View>} target */
export function setView(app, target) {
  app.viewMotion = null;
  Object.assign(app, { touched: true, whole: false });
  Object.assign(app.view, clampView(app, { ...app.view, ...target }));
  remember(app);
  requestDraw(app);
}

/** @param {App} app */
export function syncSize(app) {
  const { canvas, area } = app.dom;
  const ratio = window.devicePixelRatio || 1;
  const width = area.clientWidth - mapWidth(app);
  const height = area.clientHeight - app.lane;
  if (width === app.width && height === app.height && ratio === app.ratio) return;
  Object.assign(app, { width, height, ratio });
  canvas.width = Math.round(width * ratio);
  canvas.height = Math.round(height * ratio);
  canvas.style.width = `${width}px`;
  canvas.style.height = `${height}px`;
  if (!app.scene || !width) return;
  measure(app);
  refit(app);
  clampView(app, app.view);
}
