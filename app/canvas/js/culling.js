// What is near the window, found without a look at all the rest: trees are in order, so that a subtree is skipped as one.

import { heightOfRow, screenY } from "./geometry.js";

// Where the subtree of each node ends in a list in which every node is before what follows it.
/** @param {number[]} order @param {Int32Array} depth */
export function subtreeEnds(order, depth) {
  const after = new Int32Array(depth.length);
  const open = /** @type {number[]} */ ([]);
  const close = (/** @type {number} */ least, /** @type {number} */ at) => {
    while (open.length && depth[open[open.length - 1]] >= least) after[/** @type {number} */ (open.pop())] = at;
  };
  order.forEach((i, at) => {
    close(depth[i], at);
    open.push(i);
  });
  close(0, order.length);
  return after;
}

// Nodes whose line from the step before crosses these heights, in the order of `among`.
/** @param {App} app @param {number} high @param {number} low @param {number[]} [among] */
export function nodesBetween(app, high, low, among = app.order) {
  const { parent } = app.scene;
  const skips = among === app.laidOut && !app.motion;
  const found = [];
  for (let k = 0; k < among.length; k++) {
    const i = among[k];
    const y = screenY(app, i);
    const from = parent[i] < 0 ? y : screenY(app, parent[i]);
    if (Math.max(y, from) >= high && Math.min(y, from) <= low) found.push(i);
    if (skips && (heightOfRow(app, app.bottom[i]) < high || heightOfRow(app, app.top[i]) > low)) k = app.after[i] - 1;
  }
  return found;
}

// Lines of the table between two heights.
/** @param {App} app @param {number} high @param {number} low */
export function endsBetween(app, high, low) {
  const { ends } = app;
  const isIn = (/** @type {number} */ i) => screenY(app, i) >= high && screenY(app, i) <= low;
  if (app.motion) return ends.filter(isIn);
  let [from, to] = [0, ends.length];
  while (from < to) {
    const middle = (from + to) >> 1;
    if (screenY(app, ends[middle]) < high) from = middle + 1;
    else to = middle;
  }
  const start = from;
  while (from < ends.length && isIn(ends[from])) from++;
  return ends.slice(start, from);
}
