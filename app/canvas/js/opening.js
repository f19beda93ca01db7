// Which groups of a folded forest are on show: opened, folded, brought into sight, and back to what was before.

import { waysOf } from "./folds.js";

const FEW = 5;
const MAX_ROWS = 400;
const MAX_BACK = 60;

/** @param {App} app */
function groupsOf(app) {
  return /** @type {SceneSubtrees} */ (app.full.subtrees);
}

// Groups on show after a shape is opened; null where there is nothing to open.
/** @param {App} app @param {number} r */
export function opened(app, r) {
  const { group, rest } = /** @type {Folded[]} */ (app.scene.folded)[r];
  const ways = rest.length ? rest : waysOf(groupsOf(app))[group].filter((way) => !app.onShow.has(way));
  if (!ways.length) return null;
  return new Set([...app.onShow, ...(ways.length > FEW + 1 ? ways.slice(0, FEW) : ways)]);
}

// Groups on show after all that is under a group is folded away; null where nothing is open there.
/** @param {App} app @param {number} r */
export function closed(app, r) {
  const { group, rest } = /** @type {Folded[]} */ (app.scene.folded)[r];
  const { parent } = groupsOf(app);
  if (rest.length) return null;
  const left = new Set(app.onShow);
  const gone = new Set([group]);
  for (const g of [...app.onShow].sort((a, b) => a - b)) {
    if (!gone.has(parent[g])) continue;
    gone.add(g);
    left.delete(g);
  }
  return left.size < app.onShow.size ? left : null;
}

// Groups on show with the one that a row of the forest is in; null where it is already.
/** @param {App} app @param {number} row */
export function withRow(app, row) {
  const { group, parent } = groupsOf(app);
  const more = [];
  for (let g = group[row]; g >= 0 && !app.onShow.has(g); g = parent[g]) more.push(g);
  return more.length ? new Set([...app.onShow, ...more]) : null;
}

// Groups up to so many steps from the root, the largest first, as many as there may be rows.
/** @param {App} app @param {number} steps */
export function upTo(app, steps) {
  const groups = groupsOf(app);
  const depth = groups.parent.map(() => 0);
  groups.parent.forEach((above, g) => { depth[g] = above < 0 ? 0 : depth[above] + 1; });
  const near = depth.flatMap((d, g) => (d <= steps ? [g] : []));
  near.sort((a, b) => depth[a] - depth[b] || groups.ends[b] - groups.ends[a]);
  return new Set(near.slice(0, MAX_ROWS));
}

/** @param {App} app */
export function keepBefore(app) {
  app.before.push(app.onShow);
  if (app.before.length > MAX_BACK) app.before.shift();
}
