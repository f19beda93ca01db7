// The shape of a forest, small: one row a leaf, time to the right; round is right, square is wrong.

import { svg } from "./dom.js";

const ACROSS = 88, RIM = 5, ROW = 7;

/** @param {number[]} parents */
function childrenOf(parents) {
  /** @type {number[][]} */
  const children = parents.map(() => []);
  const roots = [];
  for (let at = 0; at < parents.length; at++) {
    if (parents[at] < 0) roots.push(at);
    else children[parents[at]].push(at);
  }
  return { children, roots };
}

// Row and depth of every step; leaves have rows of their own, forks lie between their children.
/** @param {number[]} parents */
function places(parents) {
  const { children, roots } = childrenOf(parents);
  const row = new Float64Array(parents.length), depth = new Float64Array(parents.length);
  let leaves = 0;
  const open = roots.slice().reverse();
  while (open.length) {
    const at = /** @type {number} */ (open.pop());
    depth[at] = parents[at] < 0 ? 0 : depth[parents[at]] + 1;
    if (!children[at].length) row[at] = leaves++;
    for (const child of children[at].slice().reverse()) open.push(child);
  }
  for (let at = parents.length - 1; at >= 0; at--) {
    if (children[at].length) row[at] = (row[children[at][0]] + row[/** @type {number} */ (children[at].at(-1))]) / 2;
  }
  return { children, row, depth, leaves, deepest: Math.max(...depth, 1) };
}

/** @param {number[]} parents @param {(number | null)[]} values @param {number} most height in pixels @param {number} across its width */
export function thumb(parents, values, most, across = ACROSS) {
  const { children, row, depth, leaves, deepest } = places(parents);
  const height = Math.min(most, leaves * ROW + 2 * RIM);
  const step = leaves > 1 ? (height - 2 * RIM) / (leaves - 1) : 0;
  const x = (/** @type {number} */ at) => RIM + (children[at].length ? depth[at] / deepest : 1) * (across - 2 * RIM);
  const y = (/** @type {number} */ at) => (leaves > 1 ? RIM + row[at] * step : height / 2);
  const lines = [];
  for (let at = 0; at < parents.length; at++) {
    if (parents[at] < 0) continue;
    const [x0, y0, x1, y1] = [x(parents[at]), y(parents[at]), x(at), y(at)];
    const bend = Math.min(x0 + 8, x1);
    lines.push(`M${x0} ${y0}C${bend} ${y0} ${x0} ${y1} ${bend} ${y1}H${x1}`);
  }
  const picture = svg("svg", { class: "thumb", width: across, height, viewBox: `0 0 ${across} ${height}`, "aria-hidden": "true" });
  picture.append(svg("path", { d: lines.join(""), class: "twig" }));
  const size = Math.max(1.5, Math.min(2.6, step ? step / 2.2 : 2.6));
  for (let at = 0; at < parents.length; at++) {
    if (children[at].length) continue;
    const value = values[at];
    const kind = value === null ? "unknown" : value >= 1 ? "right" : "wrong";
    picture.append(
      kind === "right"
        ? svg("circle", { cx: x(at), cy: y(at), r: size, class: kind })
        : svg("rect", { x: x(at) - size, y: y(at) - size, width: 2 * size, height: 2 * size, class: kind }),
    );
  }
  return picture;
}
