// Where each key leads from the selected node; what is folded or not yet grown is never a destination.

import { isFork } from "./geometry.js";

/** @param {App} app @param {number} i */
function walkableChildren(app, i) {
  return app.collapsed.has(i) ? [] : app.shape.children[i].filter((child) => app.shown[child]);
}

/** @param {App} app @param {number} i */
export function bestChild(app, i) {
  const below = walkableChildren(app, i);
  const credit = app.scene.fill.on ? app.scene.credit : [];
  return below.reduce((best, child) => ((credit[child] ?? -Infinity) > (credit[best] ?? -Infinity) ? child : best), below[0]);
}

// The sibling above or below; without one the nearest node of the same depth, then the nearest leaf.
/** @param {App} app @param {number} i @param {number} step */
function neighbour(app, i, step) {
  const above = app.scene.parent[i];
  const family = above < 0 ? app.shape.roots : walkableChildren(app, above);
  const sibling = family[family.indexOf(i) + step];
  if (sibling !== undefined && app.shown[sibling]) return sibling;
  let best;
  let least = Infinity;
  const consider = (/** @type {number} */ other) => {
    const distance = (app.row[other] - app.row[i]) * step;
    if (distance > 1e-6 && distance < least) [best, least] = [other, distance];
  };
  for (const other of app.order) if (app.shape.depth[other] === app.shape.depth[i]) consider(other);
  if (best === undefined) app.ends.forEach(consider);
  return best;
}

/** @param {App} app @param {number} i @param {number} step @param {(i: number) => boolean} accept */
function nextOf(app, i, step, accept) {
  const { order } = app;
  const start = i < 0 ? (step > 0 ? -1 : 0) : order.indexOf(i);
  for (let k = 1; k <= order.length; k++) {
    const other = order[(start + step * k + 2 * order.length) % order.length];
    if (accept(other)) return other;
  }
  return undefined;
}

/** @param {App} app @param {string} key @param {boolean} backwards */
export function destination(app, key, backwards) {
  const i = app.selected;
  const step = backwards ? -1 : 1;
  if (key === "f") return nextOf(app, i, step, (other) => isFork(app, other) && !app.collapsed.has(other));
  if (key === "l") return nextOf(app, i, step, (other) => !walkableChildren(app, other).length);
  if (key === "home") return app.order[0];
  if (key === "end") return app.ends.length ? app.ends[app.ends.length - 1] : app.order[app.order.length - 1];
  if (!["arrowleft", "arrowright", "arrowup", "arrowdown"].includes(key)) return undefined;
  if (i < 0 || !app.shown[i]) return app.order[0];
  if (key === "arrowleft") return app.scene.parent[i] < 0 ? undefined : app.scene.parent[i];
  if (key === "arrowright") return bestChild(app, i);
  return neighbour(app, i, key === "arrowup" ? -1 : 1);
}
