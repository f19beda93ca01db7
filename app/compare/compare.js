// A comparison as tables: a row a step, a cell a method. The list beside hears what is chosen and sends it to Python.

import { html } from "../browse/dom.js";
import { readTheme, topOf } from "../canvas/js/palette.js";
import { onceGone, ownsKeys } from "../signals/focus.js";
import { headOf, rowOf } from "./cells.js";
import { railsOf } from "./rails.js";

const HELD = new WeakMap();
const TALL = 25, SPARE = 8, FOOT = 62, MIN_ROOM = 300, KEYS = "\u2191 \u2193 step \u2002 \u2190 \u2192 method \u2002 D next disagreement";

/** @param {CompareGrid} grid @param {string} node @param {string} method @param {{ seek?: string, open?: boolean }} [more] */
function tell(grid, node, method, more = {}) {
  grid.said = { node, method };
  mark(grid);
  document.dispatchEvent(new CustomEvent("treecore-compare", { detail: { node, method, seek: more.seek ?? "", open: more.open === true } }));
}

// The place of the chosen step in a table; in the one beside, of the step that goes with it.
/** @param {CompareGrid} grid @param {CompareSide} side */
function chosenIn(grid, side) {
  const own = side.panel.rows.findIndex(({ id }) => id !== "" && id === grid.said.node);
  if (own >= 0 && (grid.sides[0] === side || !grid.sides[0].panel.rows.some(({ id }) => id === grid.said.node))) return own;
  const other = grid.sides.find((one) => one !== side);
  const at = other?.panel.rows.findIndex(({ id }) => id !== "" && id === grid.said.node) ?? -1;
  return at >= 0 && other ? (other.panel.links[at] ?? own) : own;
}

/** @param {CompareSide} side @param {number} at */
function bringIntoView(side, at) {
  if (at < 0) return;
  const head = side.head.offsetHeight, top = at * TALL, { scrollTop, clientHeight } = side.scroll;
  if (top < scrollTop) side.scroll.scrollTop = top - TALL;
  else if (top + TALL + head > scrollTop + clientHeight) side.scroll.scrollTop = top + 2 * TALL + head - clientHeight;
}

// Draws the rows that can be seen, and a few around them.
/** @param {CompareGrid} grid @param {CompareSide} side */
function drawRows(grid, side) {
  const { panel, rails, scroll, body } = side;
  const first = Math.max(0, Math.floor(scroll.scrollTop / TALL) - SPARE);
  const last = Math.min(panel.rows.length, Math.ceil((scroll.scrollTop + scroll.clientHeight) / TALL) + SPARE);
  const chosen = chosenIn(grid, side);
  const theme = readTheme(grid.root), [from, to] = grid.range;
  body.style.height = `${panel.rows.length * TALL}px`;
  body.replaceChildren(...panel.rows.slice(first, last).map((row, number) => {
    const at = first + number;
    const made = rowOf(row, { theme, panel, rail: rails[at], limit: grid.data.limit, method: at === chosen ? grid.said.method : "" });
    made.style.transform = `translateY(${at * TALL}px)`;
    made.dataset.at = String(at);
    made.setAttribute("aria-rowindex", String(at + 2));
    made.id = `${side.name}-${at}`;
    made.classList.toggle("chosen", at === chosen);
    made.classList.toggle("among", side === grid.sides[0] && row.at >= from && row.at <= to);
    made.setAttribute("aria-selected", String(at === chosen));
    return made;
  }));
  if (chosen >= 0) side.scroll.setAttribute("aria-activedescendant", `${side.name}-${chosen}`);
}

/** @param {CompareGrid} grid */
function mark(grid) {
  for (const side of grid.sides) {
    bringIntoView(side, chosenIn(grid, side));
    drawRows(grid, side);
  }
  const row = grid.sides[0]?.panel.rows[chosenIn(grid, grid.sides[0])];
  const at = grid.sides[0]?.panel.heads.findIndex(({ method }) => method === grid.said.method) ?? -1;
  grid.status.textContent = row && at >= 0
    ? `${row.words.map(({ text }) => text).join("")}, ${grid.sides[0].panel.heads[at].title} ${row.shown[at] || "not assigned"}` : "";
}

/** @param {CompareGrid} grid @param {number} by */
function walk(grid, by) {
  const side = grid.sides[0], { rows, total } = side.panel;
  let at = chosenIn(grid, side);
  do at += by; while (rows[at] && !rows[at].id);
  if (rows[at]) tell(grid, rows[at].id, grid.said.method);
  else {
    const edge = by > 0 ? (rows.at(-1)?.at ?? 0) + 1 : rows.find(({ id }) => id)?.at ?? 0;
    if (by > 0 ? edge < total : edge > 0) tell(grid, grid.said.node, grid.said.method, { seek: `to:${by > 0 ? edge : edge - 1}` });
  }
}

/** @param {CompareGrid} grid @param {number} by */
function turn(grid, by) {
  const { heads } = grid.sides[0].panel;
  const at = heads.findIndex(({ method }) => method === grid.said.method);
  const to = heads[Math.max(0, Math.min(heads.length - 1, at + by))];
  if (to && to.method !== grid.said.method) tell(grid, grid.said.node, to.method);
}

/** @param {CompareGrid} grid */
function nextDisagreement(grid) {
  const { rows, total } = grid.sides[0].panel;
  const at = chosenIn(grid, grid.sides[0]);
  const after = rows.findIndex(({ entry }, place) => place > at && entry >= 0 && entry !== rows[at]?.entry);
  const whole = rows.filter(({ id }) => id).length >= total;
  const found = after >= 0 ? after : whole ? rows.findIndex(({ entry }) => entry >= 0) : -1;
  if (found >= 0) tell(grid, rows[found].id, grid.said.method);
  else if (!whole) tell(grid, grid.said.node, grid.said.method, { seek: `next:${rows.at(-1)?.at ?? 0}` });
}

/** @param {CompareGrid} grid @param {KeyboardEvent} event */
function onCompareKey(grid, event) {
  if (event.ctrlKey || event.metaKey || event.altKey || ownsKeys(event) || !grid.sides.length) return;
  if (event.composedPath()[0].matches?.("input, [role=radio], [role=tab]")) return;
  if (event.key === "ArrowDown" || event.key === "ArrowUp") walk(grid, event.key === "ArrowDown" ? 1 : -1);
  else if (event.key === "ArrowRight" || event.key === "ArrowLeft") turn(grid, event.key === "ArrowRight" ? 1 : -1);
  else if (event.key === "d" || event.key === "D") nextDisagreement(grid);
  else return;
  event.preventDefault();
}

/** @param {CompareGrid} grid @param {CompareSide} side @param {Event} event */
function onCell(grid, side, event) {
  const at = /** @type {Element} */ (event.target).closest(".row");
  const row = side.panel.rows[Number(/** @type {HTMLElement | null} */ (at)?.dataset.at ?? -1)];
  if (!row?.id) return;
  const cell = /** @type {HTMLElement | null} */ (/** @type {Element} */ (event.target).closest("[data-method]"));
  tell(grid, row.id, cell?.dataset.method ?? grid.said.method, { open: cell !== null });
}

/** @param {CompareGrid} grid @param {ComparePanel} panel @param {number} number @returns {CompareSide} */
function sideOf(grid, panel, number) {
  const box = html("section", "panel"), scroll = html("div", "scroll"), body = html("div", "body"), head = headOf(panel);
  if (panel.title) box.append(html("h3", "", panel.title));
  scroll.tabIndex = 0;
  scroll.setAttribute("role", "grid");
  scroll.setAttribute("aria-rowcount", String(panel.total + 1));
  scroll.setAttribute("aria-label", panel.title || "Steps and methods");
  body.setAttribute("role", "rowgroup");
  scroll.style.setProperty("--methods", String(panel.heads.length));
  scroll.append(head, body);
  box.append(scroll);
  for (const { title, lacks } of panel.heads) if (lacks) box.append(html("p", "lacks", `${title} cannot run: ${lacks}.`));
  const side = { name: `side${number}`, panel, rails: railsOf(panel), box, scroll, head, body };
  scroll.addEventListener("scroll", () => requestAnimationFrame(() => drawRows(grid, side)));
  body.addEventListener("click", (event) => onCell(grid, side, event));
  return side;
}

function legend() {
  const box = html("div", "foot");
  const ramp = html("span", "ramp");
  ramp.append(html("span", "", "blame"), html("i"), html("span", "", "praise"));
  box.append(ramp);
  for (const [kind, words] of [["none", "not assigned"], ["ring", "fork"], ["round", "right"], ["square", "wrong"], ["differ", "signs differ"]]) {
    const one = html("span", "key");
    one.append(html("i", kind, kind === "differ" ? "\u00b1" : ""), words);
    box.append(one);
  }
  box.append(html("span", "keys", KEYS));
  return box;
}

// Tables end where the window does, with room for what stands beneath; their rows begin at one height.
/** @param {CompareGrid} grid */
function makeRoom({ root, sides }) {
  root.style.removeProperty("--head");
  root.style.setProperty("--head", `${Math.max(0, ...sides.map(({ head }) => head.offsetHeight))}px`);
  const top = Math.max(0, ...sides.map(({ scroll }) => topOf(scroll)));
  const beneath = Math.max(0, ...sides.map(({ box, scroll }) => box.offsetHeight - scroll.offsetHeight));
  root.style.setProperty("--room", `${Math.max(MIN_ROOM, Math.floor(window.innerHeight - top - beneath - FOOT))}px`);
}

/** @param {CompareGrid} grid @param {CompareData} data */
function lay(grid, data) {
  const kept = grid.sides.map(({ scroll }) => scroll.scrollTop);
  grid.data = data;
  grid.sides = data.panels.map((panel, number) => sideOf(grid, panel, number));
  grid.root.classList.toggle("two", data.panels.length > 1);
  grid.root.classList.toggle("many", data.panels.length > 1 && data.panels[0].heads.length > 2);
  grid.tables.replaceChildren(...grid.sides.map(({ box }) => box));
  makeRoom(grid);
  grid.sides.forEach(({ scroll }, number) => { scroll.scrollTop = kept[number] ?? 0; });
}

/** @param {HTMLElement} parentElement @param {CompareData} data @returns {CompareGrid} */
function mountGrid(parentElement, data) {
  const root = html("div", "compare"), tables = html("div", "panels"), status = html("p", "unseen");
  status.setAttribute("role", "status");
  root.append(tables, legend(), status);
  parentElement.appendChild(root);
  const abort = new AbortController(), { signal } = abort;
  /** @type {CompareGrid} */
  const grid = { root, tables, status, data, sides: [], said: globalThis.treecoreCompared ?? data.said, range: [-1, -2], abort };
  window.addEventListener("keydown", (event) => onCompareKey(grid, event), { signal });
  document.addEventListener("treecore-compared", ({ detail }) => { grid.said = detail; mark(grid); }, { signal });
  document.addEventListener("treecore-range", ({ detail }) => {
    grid.range = detail;
    const first = grid.sides[0]?.panel.rows.find(({ at }) => at === detail[0]);
    if (first) tell(grid, first.id, grid.said.method);
    else if (detail[0] >= 0) tell(grid, grid.said.node, grid.said.method, { seek: `to:${detail[0]}` });
  }, { signal });
  window.addEventListener("resize", () => makeRoom(grid), { signal });
  const resize = new ResizeObserver((sizes) => {
    if (sizes.some(({ target }) => target !== root)) makeRoom(grid); // what stands above may have moved the tables
    grid.sides.forEach((side) => drawRows(grid, side));
  });
  resize.observe(root);
  resize.observe(/** @type {ShadowRoot} */ (root.getRootNode()).host?.closest("[data-testid=stMainBlockContainer]") ?? document.body);
  signal.addEventListener("abort", () => resize.disconnect());
  return grid;
}

/** @param {Component<CompareData>} component */
export default function compare({ data, parentElement }) {
  let grid = HELD.get(parentElement);
  if (!grid) HELD.set(parentElement, (grid = mountGrid(parentElement, data)));
  if (grid.data.stamp !== data.stamp || !grid.sides.length) {
    lay(grid, data);
    grid.said = data.said;
  }
  mark(grid);
  return onceGone(parentElement, () => grid.abort.abort());
}
