// A library to look around in. What is asked for is text, as the address holds it; Python answers with a page.

import { onceGone, ownsKeys, sendUntilHeard } from "../signals/focus.js";
import { barsOf } from "./bars.js";
import { curveOf, pairOf } from "./curve.js";
import { html } from "./dom.js";
import { tableOf } from "./table.js";

const HELD = new WeakMap();
/** What another filter begins with: the first page, and its first row. */
const ANEW = { page: "", row: "" };
const TYPING_MS = 250, WALKING_MS = 120;
let number = 0;

/** @param {Browser} browser @param {Record<string, string>} change @param {boolean} [open] */
function ask(browser, change, open) {
  number = Math.max(number + 1, Date.now());
  browser.said = { ...browser.said, ...change };
  clearTimeout(browser.later);
  browser.later = undefined;
  sendUntilHeard(browser, "asked", { number, said: browser.said, open: open === true });
}

/** @param {Browser} browser @param {Record<string, string>} change @param {number} wait */
function askSoon(browser, change, wait) {
  browser.said = { ...browser.said, ...change };
  clearTimeout(browser.later);
  browser.later = setTimeout(() => ask(browser, {}), wait);
}

/** @param {string} text */
function rangesIn(text) {
  return Object.fromEntries(text.split(",").filter(Boolean).map((one) => /** @type {[string, string]} */ (one.split(":"))));
}

/** @param {Browser} browser @param {string} name @param {string} range */
function askRange(browser, name, range) {
  const ranges = { ...rangesIn(browser.said.only ?? ""), [name]: range };
  const only = Object.entries(ranges).filter(([, one]) => one).map((one) => one.join(":")).join(",");
  ask(browser, { only, ...ANEW });
}

/** @param {Browser} browser @param {string} name */
function drop(browser, name) {
  if (name === "find") browser.input.value = "";
  if (name in rangesIn(browser.said.only ?? "")) askRange(browser, name, "");
  else ask(browser, { [name]: "", ...ANEW });
}

/** @param {Browser} browser @param {string} row @param {number} [wait] */
function choose(browser, row, wait) {
  for (const one of browser.root.querySelectorAll("tr[data-row]")) {
    if (/** @type {HTMLElement} */ (one).dataset.row === row) {
      one.setAttribute("aria-current", "true");
      one.scrollIntoView({ block: "nearest" });
    } else one.removeAttribute("aria-current");
  }
  if (wait) askSoon(browser, { row }, wait);
  else ask(browser, { row });
}

/** @param {Browser} browser @param {KeyboardEvent} event */
function onKey(browser, event) {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const searching = event.composedPath()[0] === browser.input;
  if (searching ? event.key !== "ArrowDown" && event.key !== "Enter" && event.key !== "Escape" : ownsKeys(event)) return;
  const rows = browser.data.lines.map(({ row }) => row);
  const at = rows.indexOf(browser.said.row ?? "");
  if (event.key === "/") browser.input.focus();
  else if (searching && event.key === "Escape") browser.input.blur();
  else if (event.key === "ArrowDown" || event.key === "ArrowUp") {
    const to = Math.max(0, Math.min(rows.length - 1, at + (event.key === "ArrowDown" ? 1 : -1)));
    if (searching) browser.input.blur();
    if (rows.length && to !== at) choose(browser, rows[to], WALKING_MS);
  } else if (event.key === "Enter" && searching) ask(browser, { find: browser.input.value, ...ANEW });
  else if (event.key === "Enter" && at >= 0 && !event.composedPath()[0].matches?.("button:not(.asked), [role=button], a")) {
    ask(browser, {}, true);
  } else return;
  event.preventDefault();
}

/** @param {Browser} browser */
function finder(browser) {
  const box = html("div", "finder");
  const { input } = browser;
  input.type = "search";
  input.placeholder = "Search prompts and steps";
  input.maxLength = 200;
  input.setAttribute("aria-label", "Search prompts and steps");
  input.oninput = () => askSoon(browser, { find: input.value, ...ANEW }, TYPING_MS);
  box.append(input);
  return box;
}

/** @param {Browser} browser */
function chips(browser) {
  const { data, said } = browser;
  const made = data.chips.map(({ name, text }) => {
    const chip = html("button", "chip on");
    chip.append(html("span", "", text), html("span", "cross", "\u00d7"));
    chip.setAttribute("aria-label", `${text}: take this filter away`);
    chip.onclick = () => drop(browser, name);
    return chip;
  });
  for (const [name, words] of [["mixed", "mixed outcomes"], ["lint", "with findings"]]) {
    if (said[name]) continue;
    const chip = html("button", "chip", `+ ${words}`);
    chip.onclick = () => ask(browser, { [name]: "1", ...ANEW });
    made.push(chip);
  }
  return made;
}

/** @param {Browser} browser */
function foot(browser) {
  const { data } = browser;
  const box = html("div", "foot");
  const page = Number(browser.said.page || 1);
  box.append(html("span", "", data.shown));
  if (data.pages > 1) {
    for (const [words, to] of /** @type {[string, number][]} */ ([["Previous", page - 1], ["Next", page + 1]])) {
      const button = html("button", "chip", words);
      button.disabled = to < 1 || to > data.pages;
      button.onclick = () => ask(browser, { page: to > 1 ? String(to) : "" });
      box.append(button);
    }
  }
  const legend = html("span", "legend");
  legend.append(html("i", "full"), "right", html("i", "hollow"), "wrong");
  box.append(legend, html("span", "marks", data.marks), html("span", "keys", "\u2191 \u2193 row \u2002 Enter open \u2002 / search"));
  return box;
}

/** @param {Browser} browser */
function empty(browser) {
  const box = html("div", "empty");
  const { relax } = browser.data;
  box.append(html("p", "", browser.data.empty));
  if (relax) {
    const button = html("button", "chip", `Take away \u201c${relax.text}\u201d, which leaves out most`);
    button.onclick = () => drop(browser, relax.name);
    box.append(button);
  }
  return box;
}

/** @param {Browser} browser */
function draw(browser) {
  const { data, said, parts } = browser;
  const active = /** @type {ShadowRoot} */ (browser.root.getRootNode()).activeElement;
  const label = active?.getAttribute("aria-label");
  const only = rangesIn(said.only ?? "");
  parts.top.replaceChildren(
    curveOf(data.curve, said.steps ?? "", (steps) => ask(browser, { steps, ...ANEW })),
    pairOf(data.pair, data.curve, (pair) => ask(browser, { pair })),
  );
  parts.bars.replaceChildren(...data.bars.map((bars) => barsOf(bars, only, (range) => askRange(browser, bars.name, range))));
  parts.chips.replaceChildren(...chips(browser));
  parts.count.textContent = data.count;
  parts.table.replaceChildren(data.lines.length ? tableOf(data, said.row ?? "", (change) => ask(browser, change)) : empty(browser));
  parts.foot.replaceChildren(foot(browser));
  if (label && active !== browser.input) {
    const again = [...browser.root.querySelectorAll("[aria-label]")].find((one) => one.getAttribute("aria-label") === label);
    /** @type {HTMLElement | undefined} */ (again)?.focus({ preventScroll: true });
  }
}

/** @param {Component<BrowseData>} component @returns {Browser} */
function mount({ data, parentElement, setTriggerValue }) {
  const root = html("div", "browse");
  const named = (/** @type {string} */ name) => html("div", name);
  const parts = { top: named("top"), bars: named("histograms"), chips: named("chips"), count: named("count"), table: named("table"), foot: named("feet") };
  const input = html("input");
  input.value = data.said.find ?? "";
  const browser = { root, parts, input, data, said: data.said, heard: data.heard, send: setTriggerValue, abort: new AbortController() };
  const bar = named("bar-row");
  bar.append(finder(browser), parts.chips, parts.count);
  parts.count.setAttribute("role", "status");
  root.append(parts.top, parts.bars, bar, parts.table, parts.foot);
  parts.table.addEventListener("click", (event) => {
    const row = /** @type {Element} */ (event.target).closest("tr")?.dataset.row;
    if (row) choose(browser, row);
  });
  parts.table.addEventListener("dblclick", (event) => {
    const row = /** @type {Element} */ (event.target).closest("tr")?.dataset.row;
    if (row) ask(browser, { row }, true);
  });
  window.addEventListener("keydown", (event) => onKey(browser, event), { signal: browser.abort.signal });
  parentElement.appendChild(root);
  return browser;
}

/** @param {Component<BrowseData>} component */
export default function browse(component) {
  const { data, parentElement, setTriggerValue } = component;
  let browser = HELD.get(parentElement);
  if (!browser) HELD.set(parentElement, (browser = mount(component)));
  browser.send = setTriggerValue;
  browser.heard = data.heard;
  browser.data = data;
  if (data.heard >= number && browser.later === undefined) {
    browser.said = data.said;
    if (browser.input.value.trim() !== (data.said.find ?? "")) browser.input.value = data.said.find ?? "";
  }
  draw(browser);
  return onceGone(parentElement, () => browser.abort.abort());
}
