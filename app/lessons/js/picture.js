// The tree of a unit: branches, words over their lines, outcomes in a column of their own. Grey before the bet.

import { html, svg, toned } from "../../browse/dom.js";
import { css, diverging } from "../../canvas/js/palette.js";

// Room at the left for the names of trees, and at the right for outcomes, in pixels; less where the picture is narrow.
export const LEFT = 118;
const RIGHT = 104, NARROW = 560, NARROW_LEFT = 66, NARROW_RIGHT = 62;
const RADIUS = 8, FOLDED = 40, TREE_GAP = 14, MIN_PITCH = 44, MAX_PITCH = 84, MIN_COLUMN = 72, LINE_PX = 13.5;
// Pixels of a column in which a step takes three lines of words, and of the rows that then hold them.
const SLIM_COLUMN = 100, SLIM_PITCH = 66;
// Where words may be cut: after each, and in long ones after some letters.
const CUTS = /\s*\S{1,12}\s*/gu;

/** @param {LessonUnit} page @param {number} width @param {number} height @returns {LessonPlaces} */
export function placesOf(page, width, height) {
  const { steps, trees, reveal } = page;
  const folded = trees.map(({ folds }) => folds && reveal !== null);
  const lines = steps.filter(({ leaf, tree }) => leaf && !folded[tree]).length;
  const rest = folded.filter(Boolean).length * FOLDED + (trees.length - 1) * TREE_GAP;
  const deep = deepest(page), narrow = width < NARROW, left = narrow ? NARROW_LEFT : LEFT, right = narrow ? NARROW_RIGHT : RIGHT;
  const column = (width - left - right) / deep, least = column < SLIM_COLUMN ? SLIM_PITCH : MIN_PITCH;
  const pitch = Math.max(least, Math.min(MAX_PITCH, (height - rest) / Math.max(1, lines)));
  const y = new Array(steps.length).fill(0), tops = new Array(trees.length).fill(0);
  let top = 0;
  trees.forEach((_, tree) => {
    const own = steps.map((step, at) => ({ step, at })).filter(({ step }) => step.tree === tree);
    const ends = own.filter(({ step }) => step.leaf);
    const first = Math.min(...ends.map(({ step }) => step.line));
    for (const { step, at } of own) y[at] = top + (folded[tree] ? FOLDED / 2 : (step.line - first + 0.68) * pitch);
    tops[tree] = top;
    top += (folded[tree] ? FOLDED : ends.length * pitch) + TREE_GAP;
  });
  const x = steps.map(({ level, leaf }) => left + (leaf ? deep : level) * column);
  return { x, y, pitch, column, folded, tops, left, right, width, height: top };
}

/** @param {LessonUnit} page */
function deepest({ steps }) {
  return Math.max(1, ...steps.map(({ level }) => level));
}

// The least width at which the words of a step do not break inside.
/** @param {LessonUnit} page */
export function leastWidth(page) {
  return NARROW_LEFT + NARROW_RIGHT + deepest(page) * MIN_COLUMN;
}

// Fewer words where siblings of a node leave it less room than a row.
/** @param {LessonUnit} page @param {LessonPlaces} places @param {number} at */
function roomOver(page, places, at) {
  const { steps } = page, mine = places.y[at];
  const over = places.y.filter((y, other) => other !== at && y < mine - 4 && Math.abs(places.x[other] - places.x[at]) < places.column * 0.9
    && !places.folded[steps[other].tree]);
  const free = mine - (over.length ? Math.max(...over) : mine - MAX_PITCH - 20);
  return Math.max(1, Math.min(4, Math.floor((Math.min(free, places.pitch) - 24) / LINE_PX)));
}

/** @param {LessonStep[]} steps @param {number} to */
function pathTo(steps, to) {
  const found = new Set();
  for (let at = to; at >= 0; at = steps[at].parent) found.add(at);
  return found;
}

/** @param {LessonUnit} page @param {LessonPlaces} places @param {LessonSaid} said @param {Theme} theme */
export function pictureOf(page, places, said, theme) {
  const { steps, reveal } = page, box = html("div", "picture");
  const ink = svg("svg", { width: places.width, height: places.height, "aria-hidden": "true" });
  box.style.height = `${places.height}px`;
  const marked = steps.map(({ mark }, at) => (mark ? at : -1)).filter((at) => at >= 0);
  const path = pathTo(steps, marked.at(-1) ?? -1);
  const among = marked.every((at) => path.has(at)) ? path : pathTo(steps, steps.findIndex(({ mark }) => mark > 0 && mark === said.mark));
  steps.forEach((step, at) => {
    if (step.parent < 0 || places.folded[step.tree]) return;
    ink.append(branch(places, step.parent, at, among.has(at)));
  });
  box.append(ink);
  steps.forEach((step, at) => {
    if (places.folded[step.tree]) return;
    if (step.parent < 0) box.append(...rootOf(page, places, at, ink));
    else box.append(...stepOf(page, places, at, { ink, said, theme, among: among.has(at), colour: reveal?.colours[at] ?? null }));
  });
  page.trees.forEach((tree, number) => places.folded[number] && box.append(foldedOf(tree, places, number)));
  return box;
}

/** @param {LessonPlaces} places @param {number} from @param {number} to @param {boolean} among */
function branch({ x, y }, from, to, among) {
  const bend = Math.min(34, (x[to] - x[from]) / 2), flat = Math.abs(y[to] - y[from]) < 1;
  const start = `M${x[from]} ${y[from]}`;
  const d = flat ? `${start}H${x[to]}` : `${start}C${x[from] + bend * 0.8} ${y[from]} ${x[from] + bend * 0.4} ${y[to]} ${x[from] + bend * 1.3} ${y[to]}H${x[to]}`;
  return svg("path", { d, class: among ? "branch among" : "branch" });
}

/** @param {LessonUnit} page @param {LessonPlaces} places @param {number} at @param {SVGElement} ink */
function rootOf(page, places, at, ink) {
  ink.append(svg("rect", { x: places.x[at] - 7, y: places.y[at] - 7, width: 14, height: 14, rx: 3, class: "root" }));
  const name = html("div", "tree-name", page.trees[page.steps[at].tree].title);
  name.style.cssText = `top:${places.y[at]}px;width:${places.left - 18}px`;
  const more = page.steps[at].more;
  if (!more) return [name];
  const rest = html("div", "answered", more);
  rest.style.cssText = `left:0;width:${places.left - 12}px;top:${places.y[at] + 12}px;white-space:normal`;
  return [name, rest];
}

/** @param {LessonUnit} page @param {LessonPlaces} places @param {number} at @param {LessonInk} look */
function stepOf(page, places, at, look) {
  const step = page.steps[at], x = places.x[at], y = places.y[at], made = [];
  const width = step.leaf ? Math.max(places.column - 16, x - places.x[step.parent] - 22) : places.column - 16;
  const words = html("div", "step-words");
  words.dir = "auto";
  words.append(...toned(step.words));
  words.title = step.words.map(({ text }) => text).join("");
  words.style.cssText = `left:${x - 12 - width}px;width:${width}px;bottom:${places.height - y + 4}px;max-height:${roomOver(page, places, at)}lh`;
  words.classList.toggle("among", look.among);
  made.push(words);
  const below = [step.answered && `\u2192 ${step.answered}`, step.more].filter(Boolean).join(" \u00b7 ");
  if (below) {
    const answered = html("div", "answered", below);
    answered.style.cssText = `left:${x - 12 - width}px;width:${width}px;top:${y + 5}px`;
    answered.title = below;
    made.push(answered);
  }
  shapeOf(step, x, y, look);
  if (step.leaf) {
    const outcome = html("div", step.right ? "outcome right" : "outcome", step.outcome ? `${step.right ? "\u2713" : "\u2715"} ${step.outcome}` : "no outcome");
    outcome.style.cssText = `left:${places.x[at] + 26}px;top:${y}px`;
    made.push(outcome);
  }
  if (step.mark && step.mark === look.said.mark && page.reveal === null) {
    const mine = html("div", "mine", "your mark");
    mine.style.cssText = `left:${x}px;top:${y + 15}px`;
    made.push(mine);
  }
  return made;
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
  const name = html("b", "", tree.title);
  name.style.width = `${places.left - 14}px`;
  made.append(name, html("span", "", `folded \u00b7 ${tree.ends}`), html("i"));
  return made;
}
