// What was changed, what moved, and why. Everything that comes from data goes in through textContent.

import { html, svg } from "../browse/dom.js";
import { onceGone, sendUntilHeard } from "../signals/focus.js";

const HELD = new WeakMap();
const WAY = { width: 84, height: 16, reach: 36 };
let number = 0;

/** @param {WhatIfPart} part @param {string} verb @param {string} [node] */
function ask(part, verb, node = "") {
  number = Math.max(number + 1, Date.now());
  sendUntilHeard(part, "asked", { number, verb, node });
}

/** @param {WhatIfPart} part */
function headOf(part) {
  const { data } = part;
  const head = html("div", "head");
  head.append(html("h4", "", data.title));
  if (data.changes.length) {
    const reset = html("button", "reset", "Reset");
    reset.onclick = () => ask(part, "reset");
    head.append(reset);
  }
  return head;
}

/** @param {WhatIfPart} part @param {WhatIfChange} change */
function changeOf(part, change) {
  const line = html("li", "change");
  const cross = html("button", "cross", "✕");
  cross.setAttribute("aria-label", `Take back: ${change.verb} ${change.words}`);
  cross.onclick = () => ask(part, "drop", change.key);
  const words = html("span", "words", change.words);
  words.title = change.words;
  words.dir = "auto";
  line.append(html("span", "verb", change.verb), words, html("span", "effect", change.effect), cross);
  return line;
}

// From what it was, hollow, to what it is, full, about the middle of the scale.
/** @param {WhatIfMoved} line */
function wayOf({ was_at: was, now_at: now }) {
  const box = svg("svg", { width: WAY.width, height: WAY.height, "aria-hidden": "true", class: "way" });
  const at = (/** @type {number} */ value) => WAY.width / 2 + value * WAY.reach;
  const middle = WAY.height / 2;
  const sign = (/** @type {number} */ value) => (value < -1e-9 ? "negative" : value > 1e-9 ? "positive" : "zero");
  box.append(svg("line", { x1: at(0), x2: at(0), y1: 0, y2: WAY.height, class: "axis" }));
  if (was !== null && now !== null) {
    box.append(svg("line", { x1: at(was), x2: at(now), y1: middle, y2: middle, class: `link ${sign(now)}` }));
  }
  if (was !== null) box.append(svg("circle", { cx: at(was), cy: middle, r: 3.6, class: `was ${sign(was)}` }));
  if (now !== null) box.append(svg("circle", { cx: at(now), cy: middle, r: 4.4, class: `now ${sign(now)}` }));
  return box;
}

/** @param {WhatIfMoved} line */
function movedOf(line) {
  const row = html("button", "moved");
  row.dataset.id = line.id;
  row.onclick = () => document.dispatchEvent(new CustomEvent("treecore-choose", { detail: line.id }));
  const said = html("span", "said");
  const words = html("span", "words", line.words);
  words.title = line.words;
  words.dir = "auto";
  said.append(words, html("span", "place", line.place));
  row.append(said, html("span", "number", line.was), html("span", "number is", line.now), wayOf(line));
  return row;
}

/** @param {WhatIfPart} part */
function changesOf({ data }) {
  const heading = html("div", "heading");
  heading.append(html("h5", "", "What moved"), html("span", "note", data.summary));
  const names = html("div", "moved names");
  names.append(html("span", ""), html("span", "number", "was"), html("span", "number is", "is"), html("span", ""));
  const rows = html("div", "rows");
  rows.append(...data.moved.map(movedOf));
  if (data.more) rows.append(html("div", "note", data.more));
  return data.changes.length ? [heading, ...(data.moved.length ? [names, rows] : [])] : [];
}

/** @param {WhatIfPart} part */
function whyOf({ data }) {
  if (!data.why.length) return [];
  const table = html("table", "why");
  const means = data.why.some(({ mean }) => mean), deviations = data.why.some(({ deviation }) => deviation);
  const head = html("tr");
  head.append(html("th", ""), ...(means ? [html("th", "", "mean")] : []), ...(deviations ? [html("th", "", "deviation")] : []));
  table.append(head);
  for (const { of, mean, deviation } of data.why) {
    const row = html("tr");
    const name = html("th", "of", of);
    name.title = of;
    name.dir = "auto";
    row.append(name);
    for (const pair of [...(means ? [mean] : []), ...(deviations ? [deviation] : [])]) {
      const cell = html("td");
      if (pair) cell.append(html("span", pair[0] === pair[1] ? "same" : "", `${pair[0]} → `), html("b", "", pair[1]));
      row.append(cell);
    }
    table.append(row);
  }
  return [html("h5", "", data.moved.length ? "Why every number moved" : "What numbers are made of now"), table];
}

/** @param {WhatIfPart} part */
function mark(part) {
  for (const row of /** @type {NodeListOf<HTMLElement>} */ (part.root.querySelectorAll("[data-id]"))) {
    if (row.dataset.id === globalThis.treecoreSelected) row.setAttribute("aria-current", "true");
    else row.removeAttribute("aria-current");
  }
}

/** @param {Component<WhatIfData>} component */
export default function board({ data, parentElement, setTriggerValue }) {
  let part = /** @type {WhatIfPart} */ (HELD.get(parentElement));
  if (!part) {
    part = /** @type {WhatIfPart} */ ({ root: html("section", "board"), abort: new AbortController() });
    HELD.set(parentElement, part);
    parentElement.append(part.root);
    document.addEventListener("treecore-selected", () => mark(part), { signal: part.abort.signal });
  }
  Object.assign(part, { data, heard: data.heard, send: setTriggerValue });
  if (data.part === "why") part.root.replaceChildren(...whyOf(part));
  else {
    const list = html("ul", "changes");
    list.append(...data.changes.map((change) => changeOf(part, change)));
    part.root.replaceChildren(headOf(part), ...(data.changes.length ? [list] : []), ...changesOf(part));
  }
  mark(part);
  return onceGone(parentElement, () => part.abort.abort());
}
