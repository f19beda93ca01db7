// The steps as a table: sorted, searched, copied; a row selects its step on the whole page. Python answers with a page.

import { html } from "../browse/dom.js";
import { copyText } from "../links/clipboard.js";
import { onceGone, ownsKeys, sendUntilHeard } from "../signals/focus.js";
import { stepsBody, stepsHead } from "./rows.js";

const HELD = new WeakMap();
const TYPING_MS = 250, WALKING_MS = 120, SAID_MS = 4000;
let number = 0;

/** @param {StepsTable} table @param {Record<string, string>} change */
function ask(table, change) {
  const { sort, find, page } = table.data;
  number = Math.max(number + 1, Date.now());
  const said = { sort, find: table.input.value, page: String(page), ...change };
  clearTimeout(table.later);
  table.later = undefined;
  sendUntilHeard(table, "asked", { number, said, open: false });
}

/** @param {StepsTable} table */
function lines(table) {
  return /** @type {HTMLElement[]} */ ([...table.root.querySelectorAll("tr[data-id]")]);
}

/** @param {StepsTable} table */
function lineNow(table) {
  return lines(table).find(({ dataset }) => dataset.id === globalThis.treecoreSelected);
}

// The row of the selected step, and the one stop of the Tab key among the rows.
/** @param {StepsTable} table @param {boolean} [show] */
function markStep(table, show) {
  const all = lines(table), now = lineNow(table);
  for (const line of all) {
    const button = /** @type {HTMLButtonElement} */ (line.querySelector(".words"));
    button.tabIndex = line === (now ?? all[0]) ? 0 : -1;
    if (line === now) line.setAttribute("aria-current", "true");
    else line.removeAttribute("aria-current");
  }
  if (show) now?.scrollIntoView({ block: "nearest" });
  return now;
}

/** @param {string} id */
function chooseStep(id) {
  document.dispatchEvent(new CustomEvent("treecore-choose", { detail: id }));
}

// What is selected elsewhere may stand on another page, or be the end of the path that the page shows. Where it was
// selected already when Python made the page, as after going back, the page is the one that was asked for.
/** @param {StepsTable} table @param {string | null} id */
function onSelected(table, id) {
  const now = markStep(table, true);
  const { node, follows } = table.data;
  if (table.told === id || node === (id ?? "") || !(follows || (id && !now))) return;
  table.told = id;
  ask(table, { page: "0" });
}

// The step is chosen once walking rests; the row shows at once where one is.
/** @param {StepsTable} table @param {HTMLElement} line */
function walkTo(table, line) {
  const id = line.dataset.id ?? "";
  for (const one of lines(table)) one.toggleAttribute("aria-current", one === line);
  line.setAttribute("aria-current", "true");
  line.scrollIntoView({ block: "nearest" });
  /** @type {HTMLElement} */ (line.querySelector(".words")).focus({ preventScroll: true });
  clearTimeout(table.walking);
  table.walking = setTimeout(() => chooseStep(id), WALKING_MS);
}

/** @param {StepsTable} table @param {KeyboardEvent} event */
function onStepsKey(table, event) {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const from = event.composedPath()[0], all = lines(table);
  if (from === table.input) {
    if (event.key === "Enter") ask(table, { page: "1" });
    else if (event.key === "ArrowDown" && all.length) walkTo(table, all[0]);
    else if (event.key === "Escape") table.input.blur();
    else return;
  } else {
    if (ownsKeys(event) || !(from instanceof Element) || from.matches("input, [role=radio], [role=tab], [role=slider]")) return;
    const at = all.findIndex((line) => line.hasAttribute("aria-current"));
    const to = { ArrowDown: at + 1, ArrowUp: at < 0 ? 0 : at - 1, Home: 0, End: all.length - 1 }[event.key];
    const { page, pages } = table.data;
    if (event.key === "/") {
      table.input.focus();
      table.input.select();
    } else if (to !== undefined && all[to]) walkTo(table, all[to]);
    else if (event.key === "PageDown" && page < pages) ask(table, { page: String(page + 1) });
    else if (event.key === "PageUp" && page > 1) ask(table, { page: String(page - 1) });
    else return;
  }
  event.preventDefault();
}

/** @param {StepsTable} table @param {string} text */
function saySoon(table, text) {
  table.said.textContent = text;
  clearTimeout(table.saying);
  table.saying = setTimeout(() => { table.said.textContent = ""; }, SAID_MS);
}

// The text comes with a later answer; the clipboard waits for it.
/** @param {StepsTable} table */
function copySteps(table) {
  const text = /** @type {Promise<string>} */ (new Promise((take) => { table.take = take; }));
  ask(table, { copy: "1" });
  copyText(table.root, text).then((done) => {
    if (table.data.copied?.refused) saySoon(table, table.data.copied.refused);
    else saySoon(table, done ? "Copied" : "The browser does not let the page copy: save it instead.");
  });
}

/** @param {StepsTable} table */
function turns(table) {
  const { page, pages } = table.data;
  if (pages < 2) return [];
  const made = [["Previous", page - 1], ["Next", page + 1]].map(([words, to]) => {
    const button = html("button", "pill", String(words));
    button.disabled = Number(to) < 1 || Number(to) > pages;
    button.onclick = () => ask(table, { page: String(to) });
    return button;
  });
  return [html("span", "note", `page ${page} of ${pages}`), ...made];
}

/** @param {StepsTable} table */
function drawSteps(table) {
  const { data, root, body } = table;
  const active = /** @type {ShadowRoot} */ (root.getRootNode()).activeElement;
  const sorted = /** @type {HTMLElement | null} */ (active)?.dataset?.sort, inRows = Boolean(active?.closest("tbody"));
  const made = html("table");
  made.setAttribute("aria-label", "Steps");
  made.append(stepsHead(data, (sort) => ask(table, { sort, page: "1" })), stepsBody(data));
  body.replaceChildren(data.rows.length ? made : html("p", "empty", data.empty));
  table.count.textContent = data.count;
  table.turns.replaceChildren(...turns(table));
  table.copy.disabled = !data.rows.length;
  if (sorted) /** @type {HTMLElement | null} */ (body.querySelector(`[data-sort="${sorted}"]`))?.focus();
  const now = markStep(table, true);
  if (!now && !sorted) body.scrollTop = 0;
  if (inRows) /** @type {HTMLElement | null} */ (body.querySelector(".words[tabindex='0']"))?.focus({ preventScroll: true });
}

/** @param {Component<StepsTableData>} component @returns {StepsTable} */
function mountSteps({ data, parentElement }) {
  const root = html("div", "steps"), bar = html("div", "bar-row"), input = html("input"), body = html("div", "body");
  const count = html("span", "count"), turned = html("span", "turns"), copy = html("button", "pill", "Copy as CSV"), said = html("span", "note");
  const table = /** @type {StepsTable} */ (/** @type {Partial<StepsTable>} */ ({
    root, input, body, count, turns: turned, copy, said, data, abort: new AbortController(), stamp: "",
  }));
  const { signal } = table.abort;
  input.type = "search";
  input.placeholder = "Search the steps";
  input.maxLength = 200;
  input.value = data.find;
  input.setAttribute("aria-label", "Search the steps");
  input.oninput = () => {
    clearTimeout(table.later);
    table.later = setTimeout(() => ask(table, { page: "1" }), TYPING_MS);
  };
  count.setAttribute("role", "status");
  said.setAttribute("role", "status");
  body.tabIndex = -1;
  copy.onclick = () => copySteps(table);
  bar.append(input, count, turned, said, copy);
  root.append(bar, body);
  body.addEventListener("click", (event) => {
    const id = /** @type {Element} */ (event.target).closest("tr")?.dataset.id;
    if (id !== undefined) chooseStep(id);
  });
  window.addEventListener("keydown", (event) => onStepsKey(table, event), { signal });
  document.addEventListener("treecore-selected", (event) => onSelected(table, event.detail), { signal });
  parentElement.append(root);
  return table;
}

/** @param {Component<StepsTableData>} component */
export default function stepsTable(component) {
  const { data, parentElement, setTriggerValue } = component;
  let table = /** @type {StepsTable} */ (HELD.get(parentElement));
  if (!table) HELD.set(parentElement, (table = mountSteps(component)));
  Object.assign(table, { send: setTriggerValue, heard: data.heard, data });
  if (data.copied?.number === number) table.take?.(data.copied.text);
  const isTold = table.later === undefined && data.heard >= number;
  if (isTold && table.input.value.trim() !== data.find) table.input.value = data.find;
  const stamp = JSON.stringify({ ...data, copied: null, heard: 0, node: "" });
  if (stamp !== table.stamp) drawSteps(table);
  table.stamp = stamp;
  return onceGone(parentElement, () => table.abort.abort());
}
