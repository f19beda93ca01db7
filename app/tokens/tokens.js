// One branch token by token: the lines, the panel beside them, keys. Which branch is read is asked of Python.

import { html } from "../browse/dom.js";
import { readTheme } from "../canvas/js/palette.js";
import { onceGone, ownsKeys, sendUntilHeard } from "../signals/focus.js";
import { asideOf } from "./aside.js";
import { linesOf } from "./lines.js";
import { smallTreeOf } from "./small_tree.js";

const HELD = new WeakMap();
const KEYS = "\u2190 \u2192 token \u2002 \u2191 \u2193 branch at the fork \u2002 A alternatives";
const RESTING_MS = 400;
let number = 0;

/** @param {TokenReader} reader @param {string} end @param {number} at */
function ask(reader, end, at) {
  clearTimeout(reader.later);
  reader.later = undefined;
  number = Math.max(number + 1, Date.now());
  sendUntilHeard(reader, "asked", { number, said: { end, at: String(at) }, open: false });
}

/** @param {TokenReader} reader */
function itemsOf(reader) {
  return reader.data.lines.flatMap(({ items }) => items);
}

// The token that is looked at stands in the address too, once walking rests.
/** @param {TokenReader} reader @param {number} at */
function look(reader, at) {
  const { first, total, end } = reader.data;
  if (at < 0 || at >= total) return;
  reader.at = at;
  if (at < first || at >= first + itemsOf(reader).length) ask(reader, end, at);
  else {
    mark(reader, true);
    clearTimeout(reader.later);
    reader.later = setTimeout(() => ask(reader, end, reader.at), RESTING_MS);
  }
}

// The panel and the frame around the token; the lines stay as they are.
/** @param {TokenReader} reader @param {boolean} moved */
function mark(reader, moved) {
  const item = itemsOf(reader).find(({ at }) => at === reader.at);
  for (const [at, token] of reader.tokens) {
    const here = at === reader.at;
    token.classList.toggle("here", here);
    token.tabIndex = here ? 0 : -1;
    if (here) token.setAttribute("aria-current", "true");
    else token.removeAttribute("aria-current");
    if (here && moved) {
      token.scrollIntoView({ block: "nearest", inline: "nearest" });
      if (reader.root.getRootNode() instanceof ShadowRoot && /** @type {ShadowRoot} */ (reader.root.getRootNode()).activeElement?.classList.contains("token")) token.focus({ preventScroll: true });
    }
  }
  if (item) reader.panel.replaceChildren(...asideOf(reader.data, item, (end) => ask(reader, end, reader.at)));
}

// The next of the ways that were drawn at this place, or at the last fork before it.
/** @param {TokenReader} reader @param {number} by */
function turn(reader, by) {
  const items = itemsOf(reader);
  const fork = items.findLast(({ at, forked }) => forked && at <= reader.at) ?? items.find(({ forked }) => forked);
  const drawn = fork?.choices.filter(({ end, here }) => end || here) ?? [];
  const here = drawn.findIndex((choice) => choice.here);
  const to = drawn[here + by];
  if (fork && to?.end) ask(reader, to.end, fork.at);
}

/** @param {TokenReader} reader @param {KeyboardEvent} event */
function onTokenKey(reader, event) {
  if (event.ctrlKey || event.metaKey || event.altKey || ownsKeys(event)) return;
  if (event.composedPath()[0].matches?.("input, [role=radio], [role=tab]")) return;
  if (event.key === "ArrowLeft" || event.key === "ArrowRight") look(reader, reader.at + (event.key === "ArrowRight" ? 1 : -1));
  else if (event.key === "ArrowUp" || event.key === "ArrowDown") turn(reader, event.key === "ArrowDown" ? 1 : -1);
  else if (event.key === "a" || event.key === "A") {
    const first = /** @type {HTMLElement | null} */ (reader.panel.querySelector("button.choice") ?? reader.panel.querySelector(".choices"));
    first?.focus();
  } else if (event.key === "Escape") reader.tokens.get(reader.at)?.focus();
  else return;
  event.preventDefault();
}

/** @param {TokenReader} reader */
function headOf(reader) {
  const { where, before, after, unit } = reader.data;
  const head = html("div", "top");
  const turns = html("span", "turns");
  for (const [label, sign, end] of [["Previous branch", "\u2039", before], ["Next branch", "\u203a", after]]) {
    const button = html("button", "turn", sign);
    button.setAttribute("aria-label", label);
    button.disabled = !end;
    button.onclick = () => ask(reader, end, reader.at);
    turns.append(button);
  }
  head.append(html("span", "", "credit"), html("span", ""), html("span", "", "the branch, as written"), html("span", "where", where), turns, html("span", "count", `${unit}s`));
  return head;
}

/** @param {TokenReader} reader */
function footOf({ data: { signed, low, high, strips, most } }) {
  const foot = html("div", "foot");
  const ramp = html("span", "ramp");
  const end = (/** @type {number} */ value) => String(Number(value.toFixed(2))).replace("-", "\u2212");
  ramp.append("weight ", html("span", "", signed ? end(-high) : end(low)), html("i", signed ? "signed" : ""), html("span", "", signed ? `+${end(high)}` : end(high)));
  foot.append(ramp);
  for (const name of strips) foot.append(html("span", "", `${name} up to ${end(most[name])} nats`));
  const line = html("span", "", "\u23ce line end, as written");
  foot.append(line, html("span", "keys", KEYS));
  return foot;
}

/** @param {TokenReader} reader @param {TokensData} data */
function lay(reader, data) {
  reader.data = data;
  const items = itemsOf(reader);
  data.strips = data.strips.filter((name) => items.some((item) => item[name] !== null));
  const most = /** @type {Record<TokenStrip, number>} */ ({});
  for (const name of data.strips) most[name] = Math.max(1e-6, ...items.map((item) => item[name] ?? 0));
  data.most = most;
  const theme = readTheme(reader.root);
  const drawn = linesOf(data, theme, (at) => look(reader, at));
  reader.tokens = drawn.tokens;
  const { first, total, end, unit, note } = data;
  /** @type {HTMLElement[]} */
  const made = [headOf(reader)];
  if (note) made.push(html("p", "note", note));
  if (first > 0) made.push(more(`${first} ${unit}s before`, () => ask(reader, end, first - 1)));
  made.push(...drawn.lines);
  const rest = total - first - items.length;
  if (rest > 0) made.push(more(`${rest} ${unit}s after`, () => ask(reader, end, first + items.length)));
  made.push(footOf(reader));
  reader.text.replaceChildren(...made);
  const place = html("div", "heading");
  place.append(html("h3", "", "Where you are"), html("span", "muted", data.tree.note || "click to read another branch"));
  reader.place.replaceChildren(place, smallTreeOf(data, theme, (to) => ask(reader, to, reader.at)));
}

/** @param {string} words @param {() => void} onClick */
function more(words, onClick) {
  const button = html("button", "more", words);
  button.onclick = onClick;
  return button;
}

/** @param {HTMLElement} parentElement @param {TokensData} data @returns {TokenReader} */
function mountReader(parentElement, data) {
  const root = html("div", "reader"), text = html("section", "text"), aside = html("aside", "side");
  const panel = html("div", "panel"), place = html("div", "place");
  text.setAttribute("aria-label", "The branch, token by token");
  aside.setAttribute("aria-label", "The token and where it stands");
  aside.append(panel, place);
  root.append(text, aside);
  parentElement.appendChild(root);
  const abort = new AbortController();
  /** @type {TokenReader} */
  const reader = { root, text, panel, place, data, tokens: new Map(), at: data.at, heard: 0, last: 0, send: () => {}, abort, stamp: "" };
  window.addEventListener("keydown", (event) => onTokenKey(reader, event), { signal: abort.signal });
  return reader;
}

/** @param {Component<TokensData>} component */
export default function tokens({ data, parentElement, setTriggerValue }) {
  let reader = HELD.get(parentElement);
  if (!reader) HELD.set(parentElement, (reader = mountReader(parentElement, data)));
  Object.assign(reader, { send: setTriggerValue, heard: data.heard });
  const stamp = `${data.stamp} ${readTheme(reader.root).dark}`;
  const isNew = reader.stamp !== stamp, walks = (data.heard < number || reader.later !== undefined) && data.end === reader.data.end;
  const moved = !walks && reader.at !== data.at;
  if (isNew) {
    lay(reader, data);
    reader.stamp = stamp;
  }
  if (!walks) reader.at = data.at;
  mark(reader, (isNew || moved) && data.heard > 0);
  return onceGone(parentElement, () => {
    clearTimeout(reader.later);
    reader.abort.abort();
  });
}
