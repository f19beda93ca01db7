// A phone shows one trajectory at a time: its steps below each other, and at every fork the way to the siblings.

import { element } from "./chrome.js";
import { formatNumber, pathTo, whole } from "./geometry.js";
import { select } from "./interaction.js";
import { requestDraw } from "./motion.js";
import { isFaded } from "./nodes.js";
import { css, inkOver } from "./palette.js";
import { bestChild } from "./walk.js";

const PHONE = window.matchMedia("(max-width: 640px)");

// Whether the trees are shown as a list.
/** @param {App} app */
export function isListed(app) {
  return app.listable && PHONE.matches;
}

/** @param {App} app @param {() => void} turn */
export function listenPhone(app, turn) {
  PHONE.addEventListener("change", turn, { signal: app.abort.signal });
}

// The end that one gets to from a step by the best ways on.
/** @param {App} app @param {number} i */
function endFrom(app, i) {
  let at = i;
  for (let next = bestChild(app, at); next !== undefined; next = bestChild(app, at)) at = next;
  return at;
}

// The end of the trajectory on show: the one before, as long as the selected step is on it.
/** @param {App} app */
function endShown(app) {
  const { listed, selected, shape, order } = app;
  const kept = listed?.shape === shape && app.shown[listed.end] ? listed.end : -1;
  if (kept >= 0 && (selected < 0 || selected === listed?.selected || pathTo(app, kept).includes(selected))) return kept;
  return endFrom(app, selected >= 0 ? selected : order[0]);
}

/** @param {App} app @param {number} i */
function goTo(app, i) {
  app.listed = { shape: app.shape, end: endFrom(app, i), selected: app.selected, stamp: "" };
  requestDraw(app);
}

// A step, and two buttons to those before and after it.
/** @param {App} app @param {string} words @param {number[]} family @param {number} at @param {string} what */
function turner(app, words, family, at, what) {
  const box = element("div", "tc-turn");
  box.append(element("span", "", words));
  for (const [sign, step, name] of /** @type {const} */ ([["‹", -1, "Previous"], ["›", 1, "Next"]])) {
    const button = element("button", "tc-button", sign);
    button.type = "button";
    button.dataset.turn = `${what} ${step} ${family[at]}`;
    button.setAttribute("aria-label", `${name} ${what}`);
    const to = family[at + step];
    button.disabled = to === undefined;
    button.addEventListener("click", () => goTo(app, to));
    box.append(button);
  }
  return box;
}

/** @param {App} app @param {number} i */
function siblingsOf(app, i) {
  const above = app.scene.parent[i];
  return (above < 0 ? app.shape.roots : app.shape.children[above]).filter((k) => app.shown[k]);
}

/** @param {App} app @param {number} i */
function signOf(app, i) {
  const { fill, credit } = app.scene;
  const value = fill.on ? (fill.kind === "diverging" ? fill.values[i] : credit[i]) : null;
  return value === null || value === undefined ? "" : value > 0 ? "+" : value < 0 ? "−" : "0";
}

/** @param {App} app @param {number} i */
function stepOf(app, i) {
  const { scene } = app;
  const item = element("li", isFaded(app, i) ? "tc-dim" : "");
  const family = siblingsOf(app, i);
  if (family.length > 1) item.append(turner(app, `way ${whole(family.indexOf(i) + 1)} of ${whole(family.length)}`, family, family.indexOf(i), "way"));
  const button = element("button", "tc-step");
  button.type = "button";
  if (i === app.selected) button.setAttribute("aria-current", "step");
  const colour = /** @type {Rgb} */ ([app.rgb[3 * i], app.rgb[3 * i + 1], app.rgb[3 * i + 2]]);
  const dot = element("i", app.blank[i] ? "tc-dot tc-blank" : "tc-dot", signOf(app, i));
  if (!app.blank[i]) Object.assign(dot.style, { background: css(colour), color: inkOver(colour) });
  const share = scene.table.outcomes ? scene.share[i] : null;
  if (share !== null && share < 1) dot.classList.add("tc-square");
  const words = element("span", "tc-said", scene.label[i] || "(no words)");
  words.dir = "auto";
  if (scene.observation[i]) {
    const answered = element("span", "tc-observed", `→ ${scene.observation[i]}`);
    answered.dir = "auto";
    words.append(answered);
  }
  button.append(dot, words);
  if (scene.fill.on) button.append(element("span", "tc-number", formatNumber(scene.fill.values[i], scene.decimals, { sign: scene.fill.kind === "diverging" })));
  button.addEventListener("click", () => select(app, i));
  item.append(button);
  return item;
}

// How the trajectory ended, in words.
/** @param {App} app @param {number} end */
function endingOf(app, end) {
  const { scene } = app;
  const said = [];
  if (scene.table.outcomes && scene.share[end] !== null) {
    said.push(scene.share[end] >= 1 ? "right" : scene.share[end] > 0 ? "partly right" : "wrong");
  } else if (scene.table.outcomes) said.push("no outcome");
  if (scene.table.title) said.push(`${scene.table.title} ${formatNumber(scene.table.values[end], scene.table.decimals, { sign: scene.table.low === null })}`);
  return said.join(" · ");
}

// Brings the selected step of the list into what is left of the window.
/** @param {App} app @param {number} covered */
export function showStep(app, covered) {
  if (app.selected < 0) return;
  drawList(app);
  const step = /** @type {HTMLElement | null} */ (app.dom.list.querySelector("[aria-current]"));
  if (!step) return;
  step.style.scrollMargin = `12px 0 ${covered + 12}px`;
  step.scrollIntoView({ block: "nearest" });
}

// Draws the list anew where something in it has changed; who pressed a button keeps the focus.
/** @param {App} app */
export function drawList(app) {
  const { list, root } = app.dom;
  const end = endShown(app);
  const stamp = [app.lookStamp, app.selected, end, app.theme.dark, [...app.highlight].join(" ")].join("/");
  if (app.listed?.stamp === stamp && list.childElementCount) return;
  app.listed = { shape: app.shape, end, selected: app.selected, stamp };
  const focused = /** @type {HTMLElement | null} */ (/** @type {ShadowRoot} */ (root.getRootNode()).activeElement);
  const steps = element("ol", "");
  const path = pathTo(app, end).reverse();
  for (const i of path) if (app.scene.parent[i] >= 0 || app.scene.label[i]) steps.append(stepOf(app, i));
  const ends = app.ends;
  const at = ends.indexOf(end);
  const head = turner(app, `Trajectory ${whole(at + 1)} of ${whole(ends.length)}`, ends, at, "trajectory");
  head.classList.add("tc-which");
  list.replaceChildren(head, element("div", "tc-ending", endingOf(app, end)), steps);
  if (!focused || !root.contains(focused) || focused.isConnected) return;
  const again = [...list.querySelectorAll("button")];
  const kind = focused.dataset.turn?.split(" ").slice(0, 2).join(" ");
  (again.find((button) => kind && button.dataset.turn?.startsWith(kind) && !button.disabled) ?? again.find((button) => button.ariaCurrent))?.focus();
}
