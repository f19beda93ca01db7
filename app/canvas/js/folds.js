// A forest folded: groups that are on show one by one, what is left of each family as one shape. Pure: draws nothing.
//
// What is drawn is a scene like any other, a row a group or a rest; `real` leads from it to the rows of the forest.

/** @type {WeakMap<SceneSubtrees, number[][]>} */
const WAYS = new WeakMap();

// Groups under each group, those with most ends first.
/** @param {SceneSubtrees} groups */
export function waysOf(groups) {
  let found = WAYS.get(groups);
  if (!found) {
    found = groups.parent.map(() => /** @type {number[]} */ ([]));
    const order = groups.parent.map((_, g) => g);
    order.sort((a, b) => groups.ends[b] - groups.ends[a] || groups.first[a] - groups.first[b]);
    for (const g of order) if (groups.parent[g] >= 0) found[groups.parent[g]].push(g);
    WAYS.set(groups, found);
  }
  return found;
}

// Rows of the picture, each group before what is under it: { group, above, rest }, where `rest` are the groups of a shape
// that is the rest of a family.
/** @param {SceneSubtrees} groups @param {Set<number>} shown */
export function foldedRows(groups, shown) {
  const ways = waysOf(groups);
  /** @type {Fold[]} */
  const rows = [];
  const waiting = groups.parent.flatMap((above, g) => (above < 0 ? [{ group: g, above: -1, rest: /** @type {number[]} */ ([]) }] : [])).reverse();
  for (let next = waiting.pop(); next; next = waiting.pop()) {
    const at = rows.push(next) - 1;
    if (next.rest.length) continue;
    const apart = ways[next.group].filter((way) => shown.has(way));
    const rest = apart.length ? ways[next.group].filter((way) => !shown.has(way)) : [];
    const below = (rest.length === 1 ? [...apart, ...rest] : apart).map((group) => ({ group, above: at, rest: /** @type {number[]} */ ([]) }));
    if (rest.length > 1) below.push({ group: rest[0], above: at, rest });
    waiting.push(...below.reverse());
  }
  return rows;
}

/** @param {number[]} values @param {number[]} groups */
function total(values, groups) {
  return groups.reduce((sum, g) => sum + values[g], 0);
}

/** @param {Scene} full @param {Fold[]} rows @returns {Folded[]} */
export function sumsOf(full, rows) {
  const groups = /** @type {SceneSubtrees} */ (full.subtrees);
  const sums = /** @type {SceneSums} */ (full.sums);
  const { bars, start, bar, count } = sums.bins;
  return rows.map(({ group, rest }) => {
    const own = rest.length ? rest : [group];
    const [n, coloured] = [total(sums.n, own), total(sums.fill_n, own)];
    const bins = new Array(bars).fill(0);
    for (const g of own) for (let k = start[g]; k < start[g + 1]; k++) bins[bar[k]] += count[k];
    const [right, scored] = [total(groups.right, own), total(groups.scored, own)];
    return {
      group, rest, bins, right, scored, n, ends: total(groups.ends, own), count: total(groups.count, own),
      mean: n ? total(sums.sum, own) / n : null, colour: coloured ? total(sums.fill_sum, own) / coloured : null, hits: 0,
    };
  });
}

/** @param {Scene} full @param {Set<number>} shown @returns {Scene} */
export function foldedScene(full, shown) {
  const groups = /** @type {SceneSubtrees} */ (full.subtrees);
  const sums = /** @type {SceneSums} */ (full.sums);
  const rows = foldedRows(groups, shown);
  const folded = sumsOf(full, rows);
  const ways = waysOf(groups);
  const has = rows.map(() => false);
  for (const { above } of rows) if (above >= 0) has[above] = true;
  const depth = rows.map(() => 0);
  rows.forEach(({ above }, r) => { depth[r] = above < 0 ? 0 : depth[above] + 1; });
  const isEnd = rows.map(({ group, rest }) => !rest.length && !ways[group].length);
  const columns = 1 + depth.reduce((deepest, d, r) => (isEnd[r] ? Math.max(deepest, d - 1) : Math.max(deepest, d)), 0);
  const first = (/** @type {number} */ r) => groups.first[rows[r].group];
  /** @template T @param {T[]} values @param {T} other */
  const taken = (values, other) => rows.map(({ rest }, r) => (rest.length ? other : values[first(r)]));
  const share = folded.map(({ right, scored }, r) => (isEnd[r] && scored ? right / scored : null));
  return {
    ...full,
    id: rows.map(({ rest, group }, r) => (rest.length ? `\u0000${group}` : full.id[first(r)])),
    parent: rows.map(({ above }) => above),
    order: rows.map((_, r) => r),
    row: placed(rows, has),
    leaves: folded.map(({ ends }) => ends),
    governs: taken(full.governs, null),
    label: rows.map(({ rest }, r) => (rest.length ? `${rest.length.toLocaleString("en-US")} other ways` : full.label[first(r)])),
    observation: taken(full.observation, ""),
    text: taken(full.text, ""),
    words: Object.fromEntries(rows.flatMap(({ rest }, r) => (!rest.length && full.words[first(r)] !== undefined ? [[r, full.words[first(r)]]] : []))),
    tokens: taken(full.tokens, 0),
    reward: folded.map(({ count }, r) => (isEnd[r] && count === 1 ? full.reward[first(r)] : null)),
    share,
    x: rows.map((_, r) => (isEnd[r] ? 1 : depth[r] / columns)),
    axis: { kind: "steps", end: columns, note: "" },
    credit: rows.map(({ group, rest }) => (rest.length || full.fill.kind !== "diverging" ? null : sums.fill[group])),
    value: folded.map(({ right, scored }) => (scored ? right / scored : null)),
    fill: {
      ...full.fill,
      values: rows.map(({ group, rest }, r) => (rest.length ? folded[r].colour : sums.fill[group])),
      hue: sums.hue && rows.map(({ group }) => /** @type {Values} */ (sums.hue)[group]),
    },
    table: { ...full.table, values: folded.map(({ mean }) => mean) },
    stage: { ...full.stage, highlight: [], badges: {}, marked: [] },
    prompts: [],
    gap: 0.7,
    folded,
  };
}

// Ends on rows of their own, every other step between the first and the last that follow it.
/** @param {Fold[]} rows @param {boolean[]} has */
function placed(rows, has) {
  const row = rows.map(() => 0);
  const [top, low] = [rows.map(() => Infinity), rows.map(() => -Infinity)];
  let next = 0;
  rows.forEach(({ above }, r) => {
    if (above < 0 && r > 0) next += 0.7;
    if (!has[r]) row[r] = next++;
  });
  for (let r = rows.length - 1; r >= 0; r--) {
    if (has[r]) row[r] = (top[r] + low[r]) / 2;
    const { above } = rows[r];
    if (above < 0) continue;
    top[above] = Math.min(top[above], row[r]);
    low[above] = Math.max(low[above], row[r]);
  }
  return row;
}

// For each row of the forest, the drawn row that shows or hides it.
/** @param {Scene} full @param {Scene} scene */
export function drawnRows(full, scene) {
  const groups = /** @type {SceneSubtrees} */ (full.subtrees);
  const at = new Int32Array(groups.parent.length).fill(-1);
  /** @type {Folded[]} */ (scene.folded).forEach(({ group, rest }, r) => {
    for (const g of rest.length ? rest : [group]) at[g] = r;
  });
  groups.parent.forEach((above, g) => { if (at[g] < 0) at[g] = at[above]; });
  return Int32Array.from(groups.group, (g) => at[g]);
}
