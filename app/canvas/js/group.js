// What is said of a selected row of a folded forest: how many steps and ends it holds, how they ended, and its ways on.

import { percent } from "../../browse/dom.js";
import { sumsOf, waysOf } from "./folds.js";
import { formatNumber, isRest, isShape, whole } from "./geometry.js";
import { css, diverging, rising } from "./palette.js";

const MAX_WAYS = 6;

/** @param {App} app @param {Folded} sums @returns {GroupLine} */
function lineOf(app, { group, ends, right, scored, mean, rest }) {
  const { table } = app.scene;
  return {
    label: rest.length ? `${whole(rest.length)} other ways` : app.full.label[/** @type {SceneSubtrees} */ (app.full.subtrees).first[group]] || "(no words)",
    ends: `${whole(ends)} ${ends === 1 ? "end" : "ends"}`,
    share: table.outcomes && scored ? right / scored : null,
    split: table.outcomes && scored ? `${percent(right / scored)} right` : "",
    mean: table.title && mean !== null ? formatNumber(mean, table.decimals, { sign: table.low === null }) : "",
  };
}

/** @param {App} app @returns {GroupFacts | null} */
function groupFacts(app) {
  const { selected, scene, full, theme } = app;
  const folded = scene.folded?.[selected];
  if (!folded || !full.subtrees || (folded.count < 2 && !isShape(app, selected))) return null;
  const { low, limit, title, decimals } = scene.table;
  const ways = folded.rest.length ? folded.rest : waysOf(full.subtrees)[folded.group];
  const number = (/** @type {number} */ value) => formatNumber(value, decimals, { sign: low === null });
  return {
    ...lineOf(app, folded),
    rest: isRest(app, selected),
    steps: folded.count > 1 ? `${whole(folded.count)} steps ${folded.rest.length ? "begin them" : "as one"}` : "",
    wrong: scene.table.outcomes && folded.scored ? `${whole(folded.right)} right, ${whole(folded.scored - folded.right)} not` : "",
    title,
    scale: [number(low ?? -limit), number(limit)],
    bins: !title ? [] : folded.bins.map((count, k) => {
      const share = (k + 0.5) / folded.bins.length;
      return { count, colour: css(low === null ? diverging(theme, (2 * share - 1) * limit, limit) : rising(theme, share)) };
    }),
    ways: sumsOf(full, ways.slice(0, MAX_WAYS).map((group) => ({ group, above: -1, rest: [] }))).map((sums) => lineOf(app, sums)),
    more: Math.max(0, ways.length - MAX_WAYS),
    opens: isShape(app, selected),
  };
}

// Tells the page what is drawn as one, null where a single step or none is selected.
/** @param {App} app */
export function tellGroup(app) {
  if (!app.linked || !app.listable) return;
  const facts = app.selected < 0 ? null : groupFacts(app);
  if (!facts && !globalThis.treecoreGroup) return;
  globalThis.treecoreGroup = facts;
  document.dispatchEvent(new CustomEvent("treecore-group"));
}
