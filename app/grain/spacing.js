// A label every so many tokens: a slider on its own curve of cost against loss, and the forks that then share a number.

import { html, svg } from "../browse/dom.js";

const TREE = 148, LEFT = 64, CURVE = 150, KEY = 138;

/** @param {GrainData} data @param {GrainSaid} said @param {number} width @param {(every: number) => void} choose @returns {HTMLElement[]} */
export function routeOf(data, { every, fork }, width, choose) {
  const { labels, unit } = data;
  if (!labels.length) return [];
  const at = Math.max(0, labels.findIndex((one) => one.every === every));
  const now = labels[at], head = html("h3", "slide"), slider = html("input");
  slider.type = "range";
  slider.min = "0";
  slider.max = String(labels.length - 1);
  slider.value = String(at);
  slider.setAttribute("aria-label", `${unit} from label to label`);
  slider.setAttribute("aria-valuetext", spaced(now.every, unit));
  slider.oninput = () => choose(labels[Number(slider.value)].every);
  head.append(html("span", "", "Or fix the grain: a label every"), slider, html("b", "", String(now.every)), html("span", "", spaced(now.every, unit).replace(/^\d+ /, "")));
  const boxes = html("div", "two"), half = Math.max(220, width / 2 - 12);
  boxes.append(labelledTree(data, now.every, fork, half), curveOfLabels(data, at, half));
  const words = html("p");
  words.append(html("b", "", now.merged.toLocaleString("en")), ` of ${data.forks.toLocaleString("en")} forks share a label with another on their path`);
  return [head, boxes, ...(data.forks ? [words] : [])];
}

// `24 tokens`, `1 step`.
/** @param {number} every @param {string} unit */
export function spaced(every, unit) {
  return `${every} ${every === 1 ? unit.slice(0, -1) : unit}`;
}

/** @param {GrainData} data @param {number} every @param {string} chosen @param {number} width */
function labelledTree({ twigs, unit }, every, chosen, width) {
  const drawing = svg("svg", { width, height: TREE, role: "img", "aria-label": `the shown forest cut every ${spaced(every, unit)}` });
  if (!twigs.length) {
    drawing.append(svg("text", { x: 0, y: 20, class: "muted" }, "the shown forest is too large to draw here"));
    return drawing;
  }
  const longest = Math.max(...twigs.map(({ end }) => end), 1), rows = Math.max(...twigs.map(({ row }) => row), 1);
  const x = (/** @type {number} */ place) => LEFT + (place / longest) * (width - LEFT - 14), y = (/** @type {number} */ row) => 10 + (row / rows) * (TREE - 34);
  for (let k = 0; k * every < longest && k < 60; k++) {
    const end = Math.min(longest, (k + 1) * every);
    drawing.append(svg("rect", { x: x(k * every), y: 2, width: x(end) - x(k * every), height: TREE - 18, class: k % 2 ? "label" : "label odd" }));
    if (x(end) - x(k * every) > 44) drawing.append(svg("text", { x: x(k * every) + 4, y: TREE - 4, class: "muted small" }, `label ${k + 1}`));
  }
  for (const tree of new Set(twigs.map((one) => one.tree))) {
    const own = twigs.filter((one) => one.tree === tree && one.leaf).map(({ row }) => row);
    if (tree && own.length && own.length < twigs.filter(({ leaf }) => leaf).length) drawing.append(svg("text", { x: 0, y: y((Math.min(...own) + Math.max(...own)) / 2) + 4, class: "muted" }, `tree ${tree}`));
  }
  for (const { above, start, end, row } of twigs) {
    const from = above < 0 ? row : twigs[above].row;
    drawing.append(svg("path", { class: "twig", d: `M${x(start)} ${y(from)}C${x(start) + 6} ${y(row)} ${x(start) + 6} ${y(row)} ${Math.min(x(end), x(start) + 12)} ${y(row)}H${x(end)}` }));
  }
  twigs.forEach(({ id, above, end, row, fork, leaf, right }) => {
    if (fork) {
      const shares = sharing(twigs, above, end, every);
      drawing.append(svg("circle", { cx: x(end), cy: y(row), r: 5, class: shares ? "ring shared" : "ring", "data-id": id }));
      if (id && id === chosen) drawing.append(svg("circle", { cx: x(end), cy: y(row), r: 9, class: "chosen" }));
    } else if (leaf && right === false) drawing.append(svg("rect", { x: x(end) - 3, y: y(row) - 3, width: 6, height: 6, class: "end" }));
    else if (leaf) drawing.append(svg("circle", { cx: x(end), cy: y(row), r: 3.2, class: "end" }));
  });
  return drawing;
}

// Whether a fork lies in one label with one before it.
/** @param {GrainTwig[]} twigs @param {number} above @param {number} end @param {number} every */
function sharing(twigs, above, end, every) {
  let at = above;
  while (at >= 0 && !twigs[at].fork) at = twigs[at].above;
  return at >= 0 && Math.floor(twigs[at].end / every) === Math.floor(end / every);
}

/** @param {GrainData} data @param {number} at @param {number} width */
function curveOfLabels({ labels, children, lost }, at, width) {
  const drawing = svg("svg", { width, height: TREE, role: "img", "aria-label": "labels needed against signal lost" });
  const known = labels.filter((one) => one.lost !== null);
  if (!known.length) {
    drawing.append(svg("text", { x: 0, y: 20, class: "muted" }, "credit does not vary here, so no label loses any"));
    return drawing;
  }
  const most = Math.log(Math.max(...labels.map((one) => one.labels), children, 2)), least = Math.log(Math.max(1, Math.min(...labels.map((one) => one.labels), children || Infinity)));
  const top = Math.max(...known.map((one) => one.lost ?? 0), 0.05);
  const x = (/** @type {number} */ count) => 48 + ((Math.log(Math.max(count, 1)) - least) / (most - least || 1)) * (width - 80), y = (/** @type {number} */ share) => 116 - (share / top) * 96;
  drawing.append(svg("text", { x: 0, y: 10, class: "muted small" }, "signal lost"), svg("text", { x: width - 32, y: TREE - 2, class: "muted small end" }, "labels needed"));
  for (const share of [0, top / 2, top]) {
    drawing.append(svg("line", { x1: 44, x2: width - 24, y1: y(share), y2: y(share), class: "grid" }), svg("text", { x: 38, y: y(share) + 4, class: "tick end" }, `${Number((100 * share).toPrecision(2))} %`));
  }
  for (const count of [labels[0].labels, labels.at(-1)?.labels ?? 1]) drawing.append(svg("text", { x: x(count), y: 132, class: "tick" }, count.toLocaleString("en")));
  drawing.append(svg("polyline", { class: "curve", points: known.map((one) => `${x(one.labels)},${y(one.lost ?? 0)}`).join(" ") }));
  labels.forEach((one, k) => { if (one.lost !== null) drawing.append(svg("circle", { cx: x(one.labels), cy: y(one.lost), r: k === at ? 6 : 3, class: k === at ? "point now" : "point" })); });
  const now = labels[at];
  if (now.lost !== null) drawing.append(svg("text", { x: Math.min(x(now.labels) + 10, width - CURVE + 40), y: y(now.lost) - 6, class: "now" }, `every ${now.every}`));
  if (children && lost !== null) drawing.append(diamond(x(children), y(lost)), ...keyOf(width));
  return drawing;
}

// What the diamond stands for, above the right end of the curve, where a label a token loses nothing.
/** @param {number} width */
function keyOf(width) {
  return [diamond(width - KEY, 6), svg("text", { x: width - KEY + 11, y: 10, class: "plain small" }, "one a child of a fork")];
}

/** @param {number} x @param {number} y */
function diamond(x, y) {
  return svg("path", { class: "median", d: `M${x} ${y - 6}l6 6l-6 6l-6 -6z` });
}
