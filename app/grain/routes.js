// What both routes cost, as a table; and the ear of the picture: what is chosen there goes to Python here, and what the
// address says, as after going back, comes from there.

import { html, percent } from "../browse/dom.js";
import { onceGone, sendUntilHeard } from "../signals/focus.js";
import { spaced } from "./spacing.js";

const HELD = new WeakMap();
let number = 0;

/** @param {GrainRoutes} routes @param {GrainSaid} said */
function ask(routes, said) {
  number = Math.max(number + 1, Date.now());
  const { fork, from, to } = said, moved = said.fork !== routes.said.fork || from !== routes.said.from || to !== routes.said.to;
  routes.said = said;
  drawRoutes(routes);
  clearTimeout(routes.later);
  const send = () => sendUntilHeard(routes, "asked", { number, said: { fork, brush: to > from ? `${from}~${to}` : "", every: String(said.every) }, open: false });
  routes.later = setTimeout(send, moved ? 0 : 350);
}

/** @param {GrainRoutes} routes */
function drawRoutes({ root, data, said }) {
  const at = Math.max(0, data.labels.findIndex(({ every }) => every === said.every));
  const table = html("table", "routes"), head = html("tr");
  for (const words of ["", "labels", "signal lost"]) head.append(html("th", "", words));
  table.append(head);
  const line = (/** @type {string} */ words, /** @type {number} */ labels, /** @type {number | null} */ lost, /** @type {string} */ kind) => {
    const row = html("tr", kind);
    row.append(html("td", "", words), html("td", "", labels.toLocaleString("en")), html("td", "", lost === null ? "\u2013" : percent(lost)));
    table.append(row);
  };
  for (const one of data.labels.slice(Math.max(0, at - 1), at + 2)) line(`every ${spaced(one.every, data.unit)}`, one.labels, one.lost, one === data.labels[at] ? "now" : "");
  if (data.children) line("one a child of a fork", data.children, data.lost, "forks");
  root.replaceChildren(table, html("p", "muted", data.why));
}

/** @param {HTMLElement} parentElement @param {GrainRoutesData} data @returns {GrainRoutes} */
function mountRoutes(parentElement, data) {
  const root = html("div", "grain"), abort = new AbortController();
  parentElement.appendChild(root);
  /** @type {GrainRoutes} */
  const routes = { root, data, said: data.said, heard: 0, abort, send: () => {} };
  document.addEventListener("treecore-grain", ({ detail }) => ask(routes, detail), { signal: abort.signal });
  return routes;
}

/** @param {Component<GrainRoutesData>} component */
export default function routes({ data, parentElement, setTriggerValue }) {
  let held = HELD.get(parentElement);
  if (!held) HELD.set(parentElement, (held = mountRoutes(parentElement, data)));
  held.send = setTriggerValue;
  held.heard = data.heard;
  held.data = data;
  if (data.heard >= number && JSON.stringify(held.said) !== JSON.stringify(data.said)) {
    held.said = data.said;
    document.dispatchEvent(new CustomEvent("treecore-grained", { detail: data.said }));
  }
  drawRoutes(held);
  return onceGone(parentElement, () => held.abort.abort());
}
