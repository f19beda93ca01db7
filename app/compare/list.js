// Beside the table: where methods disagree and why, how alike they rank. What is chosen in the table goes to Python here.

import { html } from "../browse/dom.js";
import { onceGone, sendUntilHeard } from "../signals/focus.js";
import { breakable } from "./titles.js";

const HELD = new WeakMap();
const FEW = 6;
let number = 0;

/** @param {CompareList} list @param {CompareChoice} choice */
function ask(list, { node, method, seek, open }) {
  number = Math.max(number + 1, Date.now());
  list.said = { node, method };
  globalThis.treecoreCompared = list.said;
  clearTimeout(list.later);
  const send = () => sendUntilHeard(list, "asked", { number, said: { node, method, seek }, open });
  if (open || seek) send();
  else list.later = setTimeout(send, 90);
}

/** @param {CompareItem} item @param {CompareList} list */
function itemOf(item, list) {
  const box = html("button", "item"), head = html("span", "line"), numbers = html("span", "line numbers");
  box.dataset.first = String(item.first);
  const title = html("b", "", item.title);
  title.dir = "auto";
  const names = html("span", "names");
  names.title = `${item.title} ${item.beside}`;
  names.append(title, html("span", "muted", item.beside));
  head.append(names, html("span", "muted count", item.count));
  for (const { title: method, text, sign } of item.numbers) {
    const one = html("span", "", `${method} `);
    one.append(html("b", sign > 0 ? "up" : sign < 0 ? "down" : "", text));
    numbers.append(one);
  }
  box.append(head, numbers, html("span", "reason", item.reason), html("span", "unseen", item.kind));
  box.onclick = () => {
    list.first = item.first;
    document.dispatchEvent(new CustomEvent("treecore-range", { detail: [item.first, item.last] }));
    light(list);
  };
  return box;
}

/** @param {CompareList} list */
function light(list) {
  for (const one of list.root.querySelectorAll(".item")) {
    one.setAttribute("aria-pressed", String(/** @type {HTMLElement} */ (one).dataset.first === String(list.first)));
  }
}

// The lower half of a table: each pair once, grey because agreement is not credit.
/** @param {CompareBeside} data */
function agreementOf({ methods, agreement }) {
  const table = html("table", methods.length > FEW ? "tau many" : "tau");
  const caption = html("caption", "unseen", "Kendall's tau of every two methods");
  const body = html("tbody"), foot = html("tr");
  methods.slice(1).forEach((title, at) => {
    const row = html("tr"), name = html("th", "", title);
    name.scope = "row";
    row.append(name);
    for (let k = 0; k <= at; k++) {
      const value = agreement[at + 1][k], cell = html("td", "", value === null ? "\u2013" : value.toFixed(2).replace("-", "\u2212"));
      cell.style.setProperty("--share", value === null ? "0%" : `${Math.round(58 * Math.max(0, value))}%`);
      row.append(cell);
    }
    body.append(row);
  });
  const columns = html("colgroup");
  columns.append(html("col", "names"), ...methods.slice(1).map(() => html("col")));
  table.append(caption, columns, body);
  foot.append(html("td", "corner"));
  for (const title of methods.slice(0, -1)) foot.append(html("th", "below", breakable(title)));
  body.append(foot);
  return table;
}

/** @param {string} words @param {string} beside */
function heading(words, beside) {
  const box = html("h3");
  box.append(html("span", "", words), html("small", "", beside));
  return box;
}

/** @param {CompareList} list @param {CompareListData} data */
function drawList(list, data) {
  const { root } = list;
  root.hidden = !data.open;
  if (list.stamp === data.stamp) return;
  list.stamp = data.stamp;
  list.first = -1;
  const items = html("div", "items");
  items.append(...data.items.map((item) => itemOf(item, list)));
  if (data.more) items.append(html("p", "muted", data.more));
  if (data.empty) items.append(html("p", "empty", data.empty));
  root.replaceChildren(heading("Where they disagree", data.on), items);
  if (data.agreement.some((row, at) => row.some((value, k) => k < at && value !== null))) {
    root.append(heading("How alike they rank the steps", "Kendall\u2019s tau"), agreementOf(data));
    if (data.families) root.append(html("p", "muted", data.families));
  }
}

/** @param {HTMLElement} parentElement @param {CompareListData} data @returns {CompareList} */
function mountList(parentElement, data) {
  const root = html("div", "beside"), abort = new AbortController();
  parentElement.appendChild(root);
  /** @type {CompareList} */
  const list = { root, said: data.said, first: -1, stamp: "", heard: 0, abort, send: () => {} };
  document.addEventListener("treecore-compare", ({ detail }) => ask(list, detail), { signal: abort.signal });
  return list;
}

/** @param {Component<CompareListData>} component */
export default function list({ data, parentElement, setTriggerValue }) {
  let held = HELD.get(parentElement);
  if (!held) HELD.set(parentElement, (held = mountList(parentElement, data)));
  held.send = setTriggerValue;
  held.heard = data.heard;
  drawList(held, data);
  if (data.heard >= number && (data.said.node !== held.said.node || data.said.method !== held.said.method || !globalThis.treecoreCompared)) {
    held.said = data.said;
    globalThis.treecoreCompared = data.said;
    document.dispatchEvent(new CustomEvent("treecore-compared", { detail: data.said }));
  }
  return onceGone(parentElement, () => {
    held.abort.abort();
    globalThis.treecoreCompared = undefined;
  });
}
