// The tree of a unit: branches, words over their lines, outcomes in a column of their own. Grey before the bet.

import { html, svg, toned } from "../../browse/dom.js";
import { css, diverging } from "../../canvas/js/palette.js";
import { branchPath, FOLDED, textOf, underOf } from "./places.js";

const RADIUS = 8;
// Where words may be cut: after each, and in long ones after some letters.
const CUTS = /\s*\S{1,12}\s*/gu;

/** @param {LessonStep[]} steps @param {number} to */
function pathTo(steps, to) {
  const found = new Set();
  for (let at = to; at >= 0; at = steps[at].parent) found.add(at);
  return found;
}

/** @param {LessonUnit} page @param {LessonPlaces} places @param {LessonSaid} said @param {Theme} theme */
export function pictureOf(page, places, said, theme) {
  const { steps, reveal } = page, box = html("div", places.slim ? "picture slim" : "picture");
  const ink = svg("svg", { width: places.width, height: places.height, "aria-hidden": "true" });
  box.style.cssText = `width:${places.width}px;height:${places.height}px`;
  const marked = steps.map(({ mark }, at) => (mark ? at : -1)).filter((at) => at >= 0);
  const path = pathTo(steps, marked.at(-1) ?? -1);
  const among = marked.every((at) => path.has(at)) ? path : pathTo(steps, steps.findIndex(({ mark }) => mark > 0 && mark === said.mark));
  steps.forEach((step, at) => {
    if (step.parent < 0 || places.folded[step.tree]) return;
    ink.append(svg("path", { d: branchPath(places, step.parent, at), class: among.has(at) ? "branch among" : "branch" }));
  });
  box.append(ink);
  steps.forEach((step, at) => {
    if (places.folded[step.tree]) return;
    if (step.parent < 0) box.append(...rootOf(page, places, at, ink));
    else box.append(...stepOf(page, places, at, { ink, said, theme, among: among.has(at), colour: reveal?.colours[at] ?? null }));
  });
  page.trees.forEach((tree, number) => places.folded[number] && box.append(foldedOf(tree, places, number)));
  box.append(outcomesOf(page, places));
  return box;
}

/** @param {LessonUnit} page @param {LessonPlaces} places @param {number} at @param {SVGElement} ink */
function rootOf(page, places, at, ink) {
  ink.append(svg("rect", { x: places.x[at] - 7, y: places.y[at] - 7, width: 14, height: 14, rx: 3, class: "root" }));
  const name = html("div", "tree-name", page.trees[page.steps[at].tree].title);
  name.style.cssText = `top:${places.y[at]}px;width:${places.left - 10}px`;
  const more = page.steps[at].more;
  if (!more) return [name];
  const rest = html("div", "answered", more);
  rest.style.cssText = `left:0;width:${places.left + (places.slim ? 5 : -12)}px;top:${places.y[at] + 12}px`;
  return [name, rest];
}

/** @param {LessonUnit} page @param {LessonPlaces} places @param {number} at @param {LessonInk} look */
function stepOf(page, places, at, look) {
  const step = page.steps[at], x = places.x[at], y = places.y[at], made = [], text = textOf(page, places, at);
  const words = html("div", "step-words");
  words.dir = "auto";
  words.append(...toned(step.words));
  words.title = step.words.map(({ text }) => text).join("");
  words.style.cssText = `left:${text.words.left}px;width:${text.words.width}px;bottom:${places.height - text.words.bottom}px;max-height:${text.words.lines}lh`;
  words.classList.toggle("among", look.among);
  made.push(words);
  const under = underOf(step);
  if (under) {
    const answered = html("div", "answered", under);
    answered.style.cssText = `left:${text.under.left}px;width:${text.under.width}px;top:${text.under.top}px`;
    made.push(answered);
  }
  shapeOf(step, x, y, look);
  if (step.mark && step.mark === look.said.mark && page.reveal === null && !places.slim) {
    const mine = html("div", "mine", "your mark");
    mine.style.cssText = `left:${x}px;top:${y + 15}px`;
    made.push(mine);
  }
  return made;
}

// How each branch ends: in sight also where the tree beside it scrolls.
/** @param {LessonUnit} page @param {LessonPlaces} places */
function outcomesOf({ steps }, { y, outcomes, folded }) {
  const box = html("div", "outcomes");
  box.style.width = `${outcomes}px`;
  steps.forEach(({ leaf, tree, right: good, outcome }, at) => {
    if (!leaf || folded[tree]) return;
    const one = html("div", good ? "outcome right" : "outcome", outcome ? `${good ? "\u2713" : "\u2715"} ${outcome}` : "no outcome");
    one.style.top = `${y[at]}px`;
    box.append(one);
  });
  return box;
}

// Of words that do not fit as many as do, and an ellipsis: where a browser cuts lines that stand at the right, there is
// none, or a part of one. The words must be on the page.
/** @param {HTMLElement} box */
export function shorten(box) {
  for (const words of /** @type {NodeListOf<HTMLElement>} */ (box.querySelectorAll(".step-words"))) {
    if (fits(words)) continue;
    const pieces = [...words.children].flatMap(({ className, textContent }) => (textContent?.match(CUTS) ?? []).map((text) => ({ text, tone: className })));
    const show = (/** @type {number} */ n) => {
      const kept = pieces.slice(0, n);
      if (kept.length) kept.push({ text: `${/** @type {{ text: string }} */ (kept.pop()).text.trimEnd()}\u2026`, tone: pieces[n - 1].tone });
      words.replaceChildren(...toned(kept));
      return fits(words);
    };
    let low = 1, high = pieces.length - 1;
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      if (show(middle)) low = middle;
      else high = middle - 1;
    }
    show(low);
  }
}

/** @param {HTMLElement} words */
function fits({ scrollHeight, clientHeight }) {
  return scrollHeight <= clientHeight + 1;
}

/** @param {LessonStep} step @param {number} x @param {number} y @param {LessonInk} look */
function shapeOf(step, x, y, { ink, said, theme, colour }) {
  const mine = step.mark > 0 && step.mark === said.mark;
  const square = step.leaf && step.right === false, r = step.mark && colour === null ? RADIUS + 2 : RADIUS;
  const kind = `node${step.mark ? " markable" : ""}${mine ? " mine" : ""}${colour === null ? "" : " filled"}`;
  const body = square
    ? svg("rect", { x: x - r, y: y - r, width: 2 * r, height: 2 * r, rx: 2, class: kind })
    : svg("circle", { cx: x, cy: y, r, class: kind });
  if (colour !== null) body.style.fill = css(diverging(theme, colour, 1));
  if (mine && colour !== null) ink.append(svg("circle", { cx: x, cy: y, r: RADIUS + 5, class: "ring" }));
  ink.append(body);
  if (colour !== null && Math.abs(colour) >= 0.005) ink.append(svg("text", { x, y: y + 4, class: "sign" }, colour < 0 ? "\u2212" : "+"));
  if (!step.mark) return;
  const high = colour === null ? 4 : mine ? -15 : -12;
  ink.append(svg("text", { x, y: y + high, class: mine ? "digit mine" : "digit" }, String(step.mark)));
}

/** @param {LessonTree} tree @param {LessonPlaces} places @param {number} number */
function foldedOf(tree, places, number) {
  const made = html("div", "folded");
  made.style.cssText = `top:${places.tops[number]}px;height:${FOLDED}px`;
  const name = html("b", "", tree.title), line = html("i");
  name.style.width = `${places.left - 10}px`;
  line.style.marginRight = `${places.right + 8}px`;
  made.append(name, html("span", "", `folded \u00b7 ${tree.ends}`), line);
  return made;
}
