// Light DOM around the canvas: legend, tooltip, search box, text for assistive technology. Data goes in as text only.

import { percent } from "../../browse/dom.js";
import { governsOf } from "./changed.js";
import { formatNumber, HEAD, isFork, isPartial, isUnscored, nodeAt, ROW, short, stepNumber, whole } from "./geometry.js";
import { mapRows } from "./minimap.js";
import { isListed } from "./trajectory.js";
import { bothColour, css, diverging, governing, mix, topOf } from "./palette.js";
import { zoomOf } from "./zoomed.js";

const MIN_HEIGHT = 380;
const USUAL_HEIGHT = 560;
const BELOW = 60;
const SHADES = /** @type {const} */ (["ink", "muted", "hairline", "panel", "accent", "background", "edge", "mono"]);

/** @template {keyof HTMLElementTagNameMap} T @param {T} tag @param {string} [className] @param {string} [text] */
export function element(tag, className, text) {
  const made = document.createElement(tag);
  if (className) made.className = className;
  if (text !== undefined) made.textContent = text;
  return made;
}

/** @param {HTMLElement} host @param {string} style */
export function buildFrame(host, style) {
  const root = element("div", "tc");
  root.append(element("style", "", style));
  const area = element("div", "tc-area");
  const canvas = element("canvas", "tc-canvas");
  canvas.tabIndex = 0;
  canvas.setAttribute("role", "tree");
  canvas.setAttribute("aria-activedescendant", "tc-item");
  const item = element("div", "");
  item.id = "tc-item";
  item.setAttribute("role", "treeitem");
  canvas.append(item);
  canvas.id = "tc-canvas";
  const map = element("canvas", "tc-map");
  map.tabIndex = 0;
  map.hidden = true;
  const facts = { role: "scrollbar", "aria-orientation": "vertical", "aria-controls": "tc-canvas", "aria-valuenow": "0" };
  for (const [name, value] of Object.entries(facts)) map.setAttribute(name, value);
  const list = element("div", "tc-list");
  const tooltip = element("div", "tc-tooltip");
  tooltip.hidden = true;
  const live = element("div", "tc-live");
  live.setAttribute("aria-live", "polite");
  const search = element("div", "tc-search");
  search.hidden = true;
  const input = element("input", "");
  input.type = "search";
  input.placeholder = "Find in the steps";
  input.setAttribute("aria-label", "Find in the steps");
  const found = element("span", "tc-found");
  found.setAttribute("aria-live", "polite");
  const offer = element("button", "tc-offer");
  offer.type = "button";
  offer.hidden = true;
  search.append(input, found, offer);
  const card = element("div", "tc-card");
  card.hidden = true;
  card.setAttribute("role", "group");
  card.setAttribute("aria-label", "equation of this frame");
  area.append(canvas, map, list, card, search, tooltip);
  const bar = element("div", "tc-bar");
  const legend = element("div", "tc-legend");
  const tools = element("div", "tc-tools");
  bar.append(legend, tools);
  root.append(area, bar, live);
  host.append(root);
  return { root, area, canvas, map, list, card, item, tooltip, live, search, input, found, offer, legend, tools };
}

// As high as the window lets it be, with the legend in sight before anything is scrolled: as far as was asked for, or as
// far as the forest goes where nothing was.
/** @param {App} app */
export function fitHeight(app) {
  const { root } = app.dom;
  root.toggleAttribute("data-list", isListed(app));
  if (isListed(app)) {
    root.style.height = "auto";
    return;
  }
  const room = Math.max(MIN_HEIGHT, Math.floor((window.innerHeight - topOf(root)) / zoomOf(root) - 8 - (globalThis.treecoreDrawer?.foot ?? 0)));
  root.style.height = `${Math.min(app.tallest || tallestOf(app), room)}px`;
}

// Pixels of the trees that the drawer covers.
/** @param {App} app */
export function coverOf(app) {
  const covered = (app.linked && globalThis.treecoreDrawer?.covered) || 0;
  const left = window.innerHeight - covered - app.dom.area.getBoundingClientRect().top;
  return covered ? Math.max(0, Math.min(app.height - HEAD - 80, app.height - left)) : 0;
}

// Height at which rows are as far apart as they can be; that of a small window at least.
/** @param {App} app */
function tallestOf(app) {
  return Math.max(USUAL_HEIGHT, app.full ? ROW.most * mapRows(app.full) + HEAD + BELOW : 0);
}

/** @param {App} app @param {string} text @param {string} title @param {() => void} action */
export function toolButton(app, text, title, action) {
  const button = element("button", "tc-button", text);
  button.type = "button";
  button.title = title;
  button.setAttribute("aria-label", title);
  button.addEventListener("click", action);
  app.dom.tools.append(button);
  return button;
}

/** @param {App} app */
export function applyTheme(app) {
  const { root } = app.dom;
  for (const name of SHADES) {
    root.style.setProperty(`--tc-${name}`, app.theme[name]);
  }
  root.dataset.theme = app.theme.dark ? "dark" : "light";
}

/** @param {App} app */
function gradientOf(app) {
  const { theme, scene } = app;
  const { kind } = scene.fill;
  const stops = Array.from({ length: 17 }, (_, k) => k / 16).map((t) => {
    if (kind === "diverging") return diverging(theme, 2 * t - 1, 1);
    if (kind === "granularity") return governing(theme, 1 - t);
    return mix(theme.low, theme.high, t);
  });
  return `linear-gradient(to right, ${stops.map((stop) => css(stop)).join(", ")})`;
}

/** @param {App} app */
function scaleLegend(app) {
  const { fill, decimals } = app.scene;
  const box = element("div", "tc-scale");
  const bar = element("div", "tc-gradient");
  const ends = element("div", "tc-ends");
  let words = [short(fill.low), short(fill.high)];
  if (fill.spans) words = [`lowest ${formatNumber(fill.low, decimals)}`, `highest ${formatNumber(fill.high, decimals)}`];
  if (fill.kind === "diverging") {
    const end = formatNumber(fill.high, decimals);
    words = [`−${end}`, "0", `+${end}`];
  } else if (fill.kind === "granularity") words = ["strategy", "detail"];
  if (fill.kind === "both") {
    bar.classList.add("tc-plane");
    for (const strength of [1, 0.55, 0.15]) {
      const line = element("div", "");
      const stops = [1, 0.5, 0].map((share) => css(bothColour(app.theme, share, strength)));
      line.style.background = `linear-gradient(to right, ${stops.join(", ")})`;
      bar.append(line);
    }
    words = ["strategy", "detail"];
  } else bar.style.background = gradientOf(app);
  for (const word of words) ends.append(element("span", "", word));
  const stack = element("div", "");
  stack.append(bar, ends);
  box.append(element("span", "tc-name", fill.title), stack);
  return box;
}

/** @param {App} app @param {string} kind @param {string} text */
function swatch(app, kind, text) {
  const box = element("span", "tc-swatch");
  const sign = element("i", `tc-${kind}`);
  if (kind === "fork") sign.style.borderColor = css(governing(app.theme, 0.85));
  box.append(sign, element("span", "", text));
  return box;
}

/** @param {App} app */
export function drawLegend(app) {
  const { scene, dom } = app;
  const parts = [];
  if (scene.fill.on) parts.push(scaleLegend(app));
  if (app.blank.some((blank, i) => blank && scene.parent[i] >= 0 && app.shown[i] && !scene.change?.pruned[i])) {
    parts.push(swatch(app, "blank", "not assigned"));
  }
  if (app.branches.some((_, i) => isFork(app, i))) {
    parts.push(swatch(app, "fork", "fork: ring shows what it decides"));
  }
  if (scene.table.outcomes) {
    if (scene.folded || scene.share.some((share) => share !== null)) {
      parts.push(swatch(app, "right", "right"), swatch(app, "wrong", "wrong"));
    }
    if (scene.share.some((_, i) => isUnscored(app, i))) parts.push(swatch(app, "unscored", "no outcome"));
    if (scene.share.some(isPartial)) parts.push(swatch(app, "partial", "partly right"));
  }
  if (scene.folded) parts.push(swatch(app, "shape", "a subtree: height is its ends, fill their mean"));
  if (scene.axis.note) parts.push(element("span", "tc-note", scene.axis.note));
  if (scene.change) parts.push(swatch(app, "ghost", "small: the colour before"), swatch(app, "way", "was, is"));
  const changes = scene.folded ? "Enter open · ⌫ fold, back · 1–9 depth · / find · N next hit" : scene.change ? "O flip · X prune · Z undo · S sample · ⌫ reset" : "← → ↑ ↓ walk · F fork · L leaf · / find · N next hit";
  parts.push(element("span", scene.change ? "tc-keys tc-changing" : "tc-keys", changes));
  dom.legend.replaceChildren(...parts);
}

// What a shape or a group stands for.
/** @param {App} app @param {number} i @returns {string[][]} */
function foldedFacts(app, i) {
  const { folded, table } = app.scene;
  if (!folded) return [];
  const { count, scored, right, mean, hits } = folded[i];
  const facts = count > 1 ? [["steps as one", whole(count)]] : [];
  if (table.outcomes && scored) facts.push(["right", percent(right / scored)]);
  if (table.title && mean !== null) facts.push([`mean ${table.title}`, formatNumber(mean, table.decimals, { sign: table.low === null })]);
  if (hits) facts.push(["hits inside", whole(hits)]);
  return facts;
}

// The facts of one node as [name, text] pairs; the tooltip and the announcement both read them.
/** @param {App} app @param {number} i */
function factsOf(app, i) {
  const { scene } = app;
  const facts = foldedFacts(app, i);
  const decimals = scene.decimals;
  if (scene.table.outcomes && scene.reward[i] !== null) {
    facts.push(["reward", formatNumber(scene.reward[i], scene.reward_decimals)]);
  }
  if (scene.fill.on && scene.parent[i] >= 0) {
    const isShown = scene.fill.kind === "diverging";
    const credit = isShown ? scene.fill.values[i] : scene.credit[i];
    const sign = scene.table.low === null;
    facts.push([isShown ? scene.fill.title : "credit", credit === null ? "not assigned" : formatNumber(credit, decimals, { sign })]);
    if (scene.fill.kind === "sequential" && scene.fill.title === "entropy" && scene.fill.values[i] !== null) {
      facts.push(["entropy", `${short(scene.fill.values[i])} nats`]);
    }
  }
  if (scene.table.outcomes && scene.value[i] !== null) facts.push(["value", short(scene.value[i])]);
  if (scene.tokens[i] > 0) facts.push(["tokens", whole(scene.tokens[i])]);
  const beneath = scene.leaves[i];
  if (app.shape.children[i].length) facts.push([beneath === 1 ? "leaf beneath" : "leaves beneath", whole(beneath)]);
  if (isFork(app, i)) facts.push(["fork decides the last", percent(governsOf(app, i))]);
  return facts;
}

/** @param {App} app @param {number} i */
function nameOf(app, i) {
  if (app.scene.parent[i] < 0) return `tree ${app.shape.tree[i] + 1}: the prompt`;
  return app.scene.label[i] || "(no words)";
}

// Code keeps its columns, as in the panel.
const CODE = /```|^(\t| {2,})\S/m;

/** @param {App} app @param {number} i @param {Point} [point] */
export function showTooltip(app, i, point) {
  const { tooltip, area } = app.dom;
  const { scene } = app;
  if (i < 0 || !point) {
    tooltip.hidden = true;
    return;
  }
  if (tooltip.dataset.row !== String(i) || tooltip.hidden) {
    const parts = [element("div", "tc-title", nameOf(app, i))];
    const text = (scene.words[i] ?? scene.text[i]).trim();
    if (text && text !== scene.label[i]) parts.push(element("div", CODE.test(text) ? "tc-text tc-code" : "tc-text", text));
    if (scene.observation[i]) parts.push(element("div", "tc-observed", `→ ${scene.observation[i]}`));
    const list = element("dl", "");
    for (const [name, value] of factsOf(app, i)) list.append(element("dt", "", name), element("dd", "", value));
    tooltip.replaceChildren(...parts, list);
    tooltip.dataset.row = String(i);
    tooltip.hidden = false;
  }
  const box = tooltip.getBoundingClientRect();
  const { x: px, y: py } = point;
  const left = px + 18 + box.width > area.clientWidth ? px - box.width - 14 : px + 18;
  const top = py + 18 + box.height > area.clientHeight ? py - box.height - 12 : py + 18;
  tooltip.style.transform = `translate(${Math.max(4, left)}px, ${Math.max(4, top)}px)`;
}

// After a new scene the tooltip stays with its node where that is still under the pointer, with what is known now.
/** @param {App} app */
export function keepTooltip(app) {
  const { hover, point, dom } = app;
  const open = !dom.tooltip.hidden;
  showTooltip(app, -1);
  if (hover >= 0 && (!point || nodeAt(app, point.x, point.y) !== hover)) app.hover = -1;
  else if (open) showTooltip(app, hover, point);
}

/** @param {App} app */
export function describe(app) {
  const { scene, shape, dom } = app;
  const i = app.selected;
  dom.canvas.setAttribute("aria-label", `${scene.summary} Arrow keys walk, F next fork, L next leaf, Enter folds, slash finds words, N goes to the next hit.`);
  if (i < 0) {
    dom.item.textContent = "nothing selected";
    return;
  }
  const above = scene.parent[i];
  const family = above < 0 ? shape.roots : shape.children[above];
  const attributes = { level: shape.depth[i] + 1, setsize: family.length, posinset: family.indexOf(i) + 1, selected: true };
  for (const [name, value] of Object.entries(attributes)) dom.item.setAttribute(`aria-${name}`, String(value));
  if (shape.children[i].length) dom.item.setAttribute("aria-expanded", String(!app.collapsed.has(i)));
  else dom.item.removeAttribute("aria-expanded");
  const words = [nameOf(app, i)];
  if (above >= 0) words.push(`step ${stepNumber(app, i)} of tree ${shape.tree[i] + 1}`);
  if (scene.observation[i]) words.push(`answer of the environment: ${scene.observation[i]}`);
  for (const [name, value] of factsOf(app, i)) words.push(`${name} ${value}`);
  dom.item.textContent = dom.live.textContent = words.join(", ");
}
