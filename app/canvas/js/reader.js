// What a reader opened, folded and looked for, as the address has it: told to the page, and taken from it.

import { showWords } from "./finding.js";
import { upTo } from "./opening.js";
import { isListed } from "./trajectory.js";

const MAX_TEXT = 1000;
const TOO_MANY = "!";

// What is drawn without a fold of the reader's own: groups on show, or rows that are folded.
/** @param {App} app */
function usualOf(app) {
  const { subtrees } = app.full;
  if (app.isFolded && subtrees) return app.depth ? upTo(app, app.depth) : new Set(subtrees.shown);
  return app.depth ? foldedAt(app, app.depth) : new Set();
}

// Rows so many steps from the root that others follow.
/** @param {App} app @param {number} steps @returns {Set<number>} */
export function foldedAt(app, steps) {
  const { children, depth } = app.shape;
  return new Set(app.scene.order.filter((i) => depth[i] === steps && children[i].length));
}

/** @param {App} app */
function foldText(app) {
  const { subtrees, id } = app.full;
  const said = [];
  if (subtrees && app.isFolded !== Boolean(subtrees.folds)) said.push(app.isFolded ? "shapes" : "rows");
  if (app.depth) said.push(`to${app.depth}`);
  const usual = usualOf(app), now = app.drawn ? app.onShow : app.collapsed;
  const [more, less] = app.drawn ? ["+", "-"] : ["-", "+"];
  const name = (/** @type {number} */ k) => id[app.drawn && subtrees ? subtrees.first[k] : k].replace(/[%,]/g, encodeURIComponent);
  for (const k of now) if (!usual.has(k)) said.push(more + name(k));
  for (const k of usual) if (!now.has(k)) said.push(less + name(k));
  const text = said.join(",");
  return text.length > MAX_TEXT ? TOO_MANY : text;
}

// For the next event of the selection.
/** @param {App} app */
export function tellReader(app) {
  if (!app.reader) return;
  const { search, input } = app.dom;
  const folds = isListed(app) ? app.reader.folds : foldText(app);
  const find = app.typing ? app.reader.find : search.hidden ? "" : input.value.trim();
  app.reader = { ...app.reader, folds, find };
  globalThis.treecoreReader = { of: app.reader.of, folds, find };
}

// What the page says of it is taken over, unless something was chosen here that it has not heard of.
/** @param {App} app @param {CanvasHead} head */
export function hearReader(app, { reader: said = null }) {
  const before = app.reader;
  if (!said || (before?.of === said.of && (globalThis.treecoreNumber ?? 0) > said.heard)) return false;
  app.reader = said;
  if (before?.find !== said.find) showWords(app, said.find);
  return before?.of !== said.of || before.folds !== said.folds;
}

// Whether the page says what is folded; folds that are too many for it stay in the memory of the browser.
/** @param {App} app */
export function isTold(app) {
  return app.reader !== null && app.reader.folds !== TOO_MANY;
}

/** @param {string} text */
function marksOf(text) {
  const all = text.split(",").filter(Boolean);
  const named = (/** @type {string} */ mark) => new Set(all.filter((one) => one[0] === mark).map((one) => decodeURIComponent(one.slice(1))));
  const depth = Number(all.find((one) => /^to[1-9]$/.test(one))?.slice(2) ?? 0);
  return { turned: all.includes("rows") || all.includes("shapes"), depth, more: named("+"), less: named("-") };
}

// Which groups are on show, before anything is drawn.
/** @param {App} app */
export function takeShown(app) {
  const { subtrees, id } = app.full;
  const { turned, depth, more, less } = marksOf(app.reader?.folds ?? "");
  Object.assign(app, { isFolded: Boolean(subtrees?.folds) !== turned && Boolean(subtrees) && !isListed(app), depth, before: [] });
  app.onShow = app.isFolded ? usualOf(app) : new Set(subtrees?.shown);
  if (!app.isFolded || !subtrees || (!more.size && !less.size)) return;
  subtrees.first.forEach((row, g) => {
    if (more.has(id[row])) app.onShow.add(g);
    if (less.has(id[row])) app.onShow.delete(g);
  });
}

// Which rows are folded, once it is known what is drawn.
/** @param {App} app */
export function takeCollapsed(app) {
  if (app.drawn) return;
  const { more, less } = marksOf(app.reader?.folds ?? "");
  app.collapsed = usualOf(app);
  app.scene.id.forEach((id, i) => {
    if (less.has(id) && app.shape.children[i].length) app.collapsed.add(i);
    if (more.has(id)) app.collapsed.delete(i);
  });
}
