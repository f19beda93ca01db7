// Forks against the share that they decide: a dot each, strategy on the left, detail on the right; beneath, on the same
// axis, the grain of samplers; beneath that, labels of a fixed spacing.

import { html, svg } from "../browse/dom.js";
import { onceGone, ownsKeys } from "../signals/focus.js";
import { routeOf } from "./spacing.js";

const HELD = new WeakMap();
const SIDE = 178, RIGHT = 104, TALL = 62, BASE = 50, BRUSH = 0.02;

/** @param {GrainPicture} picture */
function axisOf({ width }) {
  const plot = Math.max(160, width - SIDE - RIGHT);
  return { x: (/** @type {number} */ share) => SIDE + (1 - share) * plot, back: (/** @type {number} */ at) => 1 - (at - SIDE) / plot, plot };
}

// Dots at one place stand beside each other, the same way every time.
/** @param {number} number */
function aside(number) {
  return ((number * 37) % 17) - 8;
}

/** @param {GrainPicture} picture @param {Partial<GrainSaid>} change */
function say(picture, change) {
  picture.said = { ...picture.said, ...change };
  document.dispatchEvent(new CustomEvent("treecore-grain", { detail: picture.said }));
  drawGrain(picture);
}

/** @param {GrainPicture} picture @param {number} height @param {string} name */
function canvasOf(picture, height, name) {
  return svg("svg", { width: picture.width, height, viewBox: `0 0 ${picture.width} ${height}`, role: "group", "aria-label": name });
}

/** @param {GrainPicture} picture */
function rulerOf(picture) {
  const { x, back, plot } = axisOf(picture), drawing = canvasOf(picture, 46, "share of the trajectory that a fork decides");
  drawing.classList.add("ruler");
  for (let k = 0; k <= 4; k++) drawing.append(svg("text", { x: x(1 - k / 4), y: 11, class: "tick" }, `${100 - 25 * k} %`));
  drawing.append(svg("text", { x: 0, y: 11, class: "muted" }, "share of the whole"), svg("text", { x: SIDE - 8, y: 28, class: "muted end" }, "strategy"),
    svg("text", { x: x(0) + 8, y: 28, class: "muted" }, "detail"));
  const steps = 24;
  for (let k = 0; k < steps; k++) {
    const part = svg("rect", { x: x(1) + (k * plot) / steps, y: 19, width: plot / steps + 0.6, height: 10, class: "shade" });
    /** @type {SVGElement} */ (part).style.setProperty("--share", `${100 - (100 * k) / (steps - 1)}%`);
    drawing.append(part);
  }
  const { from, to } = picture.said;
  if (to > from) drawing.append(svg("rect", { x: x(to), y: 16, width: x(from) - x(to), height: 16, class: "brush" }));
  let start = NaN;
  const at = (/** @type {PointerEvent} */ event) => Math.max(0, Math.min(1, back(event.clientX - drawing.getBoundingClientRect().left)));
  drawing.addEventListener("pointerdown", (event) => { start = at(/** @type {PointerEvent} */ (event)); drawing.setPointerCapture(/** @type {PointerEvent} */ (event).pointerId); });
  drawing.addEventListener("pointerup", (event) => {
    const end = at(/** @type {PointerEvent} */ (event));
    if (Math.abs(end - start) < BRUSH) say(picture, { from: 0, to: 0 });
    else say(picture, { from: Number(Math.min(start, end).toFixed(3)), to: Number(Math.max(start, end).toFixed(3)) });
  });
  return drawing;
}

/** @param {GrainPicture} picture @param {GrainRow} row @param {number} number */
function rowOfDots(picture, row, number) {
  const { x } = axisOf(picture), { top } = picture.data, { from, to, fork } = picture.said;
  const drawing = canvasOf(picture, TALL + 6, `${row.title}, ${row.count}, mean contrast ${row.said}, ${row.silent} without signal`);
  const y = (/** @type {number} */ contrast) => BASE - 4 - (contrast / top) * (BASE - 12);
  drawing.append(svg("text", { x: 0, y: 20, class: "name" }, row.title), svg("text", { x: 0, y: 35, class: "muted" }, row.count),
    svg("text", { x: 0, y: 49, class: "muted small" }, row.means));
  for (let k = 0; k <= 4; k++) drawing.append(svg("line", { x1: x(k / 4), x2: x(k / 4), y1: 0, y2: BASE, class: "grid" }));
  drawing.append(svg("line", { x1: x(1) - 14, x2: x(0), y1: BASE, y2: BASE, class: "base" }));
  if (row.mean !== null) drawing.append(svg("line", { x1: x(1) - 14, x2: x(0), y1: y(row.mean), y2: y(row.mean), class: "mean" }));
  if (!number) drawing.append(svg("text", { x: x(1) - 18, y: 12, class: "tick end" }, top.toPrecision(2)), svg("text", { x: x(1) - 18, y: BASE, class: "tick end" }, "0"));
  row.dots.forEach((dot, place) => {
    const signal = dot.contrast !== null && dot.contrast > 1e-9;
    const edge = dot.share > 0.99 ? aside(place) * 1.4 + 4 : 0;
    const made = svg("circle", { cx: x(dot.share) + (signal ? edge : edge * 1.3), cy: signal ? y(dot.contrast ?? 0) : BASE - 3, r: signal ? 4 : 2.4, class: signal ? "dot" : "dot hollow" });
    /** @type {SVGElement} */ (made).style.setProperty("--share", `${Math.round(100 * dot.share)}%`);
    if (to > from && (dot.share < from || dot.share > to)) made.classList.add("out");
    /** @type {SVGElement} */ (made).dataset.id = dot.id;
    drawing.append(made);
    if (dot.id === fork) drawing.append(svg("circle", { cx: made.getAttribute("cx") ?? 0, cy: made.getAttribute("cy") ?? 0, r: 8, class: "chosen" }));
  });
  if (row.median !== null) drawing.append(svg("path", { d: `M${x(row.median)} ${BASE + 2}l5 8h-10z`, class: "median" }));
  const end = x(0) + 8;
  drawing.append(svg("text", { x: end + 28, y: 34, class: "number end" }, row.said), svg("text", { x: end + 34, y: 34, class: "muted small" }, "contrast"),
    svg("text", { x: end + 28, y: 48, class: "mono end" }, row.silent), svg("text", { x: end + 34, y: 48, class: "muted small" }, "no signal"));
  return drawing;
}

/** @param {GrainPicture} picture @param {GrainSampler} sampler */
function samplerOf(picture, sampler) {
  const { x, plot } = axisOf(picture), drawing = canvasOf(picture, 36, `${sampler.name}, ${sampler.count}`);
  const most = Math.max(1, ...sampler.histogram), wide = plot / sampler.histogram.length;
  drawing.append(svg("text", { x: 0, y: 21, class: "plain" }, sampler.name), svg("line", { x1: x(1), x2: x(0), y1: 25, y2: 25, class: "base" }));
  sampler.histogram.forEach((count, k) => {
    if (!count) return;
    const tall = Math.max(1.5, (22 * count) / most), bar = svg("rect", { x: x(1) + k * wide + 0.5, y: 25 - tall, width: wide - 1, height: tall, rx: 1, class: "shade" });
    /** @type {SVGElement} */ (bar).style.setProperty("--share", `${100 - (100 * k) / sampler.histogram.length}%`);
    drawing.append(bar);
  });
  if (sampler.low !== null && sampler.high !== null && sampler.middle !== null) {
    drawing.append(svg("line", { x1: x(sampler.high), x2: x(sampler.low), y1: 27, y2: 27, class: "span" }),
      svg("path", { d: `M${x(sampler.middle)} 28l4.5 7h-9z`, class: "median" }));
  }
  drawing.append(svg("text", { x: x(0) + 8, y: 21, class: "mono" }, sampler.count));
  return drawing;
}

/** @param {string} words @param {string} beside */
function titleOf(words, beside) {
  const box = html("h3");
  box.append(html("span", "", words), html("small", "", beside));
  return box;
}

/** @param {GrainPicture} picture */
function drawGrain(picture) {
  const { data, parts } = picture;
  picture.width = picture.root.clientWidth || 900;
  const dots = data.rows.map((row, number) => rowOfDots(picture, row, number));
  const note = data.note ? [html("p", "muted", data.note)] : [];
  parts.forks.replaceChildren(...(data.rows.length ? [rulerOf(picture), ...dots, ...note] : [html("p", "empty", "No two trajectories share a beginning: there is no fork to show. Merge answers that begin alike, or sample trees.")]));
  const some = data.samplers.filter(({ low }) => low !== null);
  parts.samplers.replaceChildren(...(some.length ? [titleOf("The grain that a sampler gives, with no knob", "forks by the share they decide, 10 to 90 % underlined"),
    ...some.map((one) => samplerOf(picture, one))] : []));
  const root = /** @type {ShadowRoot} */ (picture.root.getRootNode()), sliding = root.activeElement?.matches("input[type=range]");
  parts.route.replaceChildren(...routeOf(data, picture.said, picture.width, (every) => say(picture, { every })));
  if (sliding) parts.route.querySelector("input")?.focus({ preventScroll: true });
}

/** @param {GrainPicture} picture @param {KeyboardEvent} event */
function onGrainKey(picture, event) {
  if (event.key === "Escape" && !ownsKeys(event) && picture.said.to > picture.said.from) say(picture, { from: 0, to: 0 });
}

/** @param {HTMLElement} parentElement @param {GrainData} data @returns {GrainPicture} */
function mountGrain(parentElement, data) {
  const root = html("div", "grain"), parts = { forks: html("section"), samplers: html("section"), route: html("section", "route") };
  root.append(parts.forks, parts.samplers, parts.route);
  parentElement.appendChild(root);
  const abort = new AbortController(), { signal } = abort;
  /** @type {GrainPicture} */
  const picture = { root, parts, data, said: data.said, width: 900, stamp: "", abort };
  for (const part of [parts.forks, parts.route]) {
    part.addEventListener("click", (event) => {
      const id = /** @type {HTMLElement} */ (event.target).dataset?.id;
      if (id) say(picture, { fork: id });
    });
  }
  window.addEventListener("keydown", (event) => onGrainKey(picture, event), { signal });
  document.addEventListener("treecore-grained", ({ detail }) => {
    picture.said = detail;
    drawGrain(picture);
  }, { signal });
  const resize = new ResizeObserver(() => { if (root.clientWidth !== picture.width) drawGrain(picture); });
  resize.observe(root);
  signal.addEventListener("abort", () => resize.disconnect());
  return picture;
}

/** @param {Component<GrainData>} component */
export default function grain({ data, parentElement }) {
  let picture = HELD.get(parentElement);
  if (!picture) HELD.set(parentElement, (picture = mountGrain(parentElement, data)));
  if (picture.stamp !== data.stamp) {
    picture.stamp = data.stamp;
    picture.data = data;
    picture.said = { ...data.said, every: picture.said.every || data.said.every };
    drawGrain(picture);
  }
  return onceGone(parentElement, () => picture.abort.abort());
}
