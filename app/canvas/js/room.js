// What stands where on the canvas, and where the words of a step can go without covering it.

import { bendOf, contentHeight, HEAD, isFork, isPartial, isShape, leafRoom, plotEnd, radiusOf, screenX, screenY, SMALL } from "./geometry.js";
import { edgeWidth, laneWidth } from "./nodes.js";
import { bracketOf } from "./film.js";
import { headingWidth } from "./text_width.js";

const BAND = 32;
// Where the line of an edge is on its way from a row to another, as shares of its bend and of its drop.
const BEND = [0, 0.15, 0.3, 0.7, 0.85, 1].map((t) => [1.8 * (1 - t) ** 2 * t + 1.2 * (1 - t) * t * t + t ** 3, 3 * (1 - t) * t * t + t ** 3]);
export const LINE = 13;
const ASCENT = 9;
const DESCENT = 3;
export const MAX_LINES = 4;
export const LEAF_ROOM = 168;
const GAP = 3;
const SHAPE = 8;
const FAR_LEFT = 150;
const STEM_LINES = 7;

// Boxes { x0, y0, x1, y1 }, found by the bands that they touch. A box with a `family` is in nobody's way in that family:
// words that stand over the bend of their own line, or of a sibling's, are read all the same, as lines end at their edge.
function makeRoom() {
  return { bands: new Map(), lines: new Map() };
}

/** @param {Box} p */
export function bandsOf({ y0, y1 }) {
  const first = Math.floor(y0 / BAND);
  return Array.from({ length: Math.floor(y1 / BAND) - first + 1 }, (_, k) => first + k);
}

/** @param {Room} room @param {Box} box */
export function occupy(room, box) {
  for (const band of bandsOf(box)) {
    const boxes = room.bands.get(band);
    if (boxes) boxes.push(box);
    else room.bands.set(band, [box]);
  }
}

// `crossing`: lines of edges are in nobody's way.
/** @param {Room} room @param {Box} box @param {number} family @param {boolean} [crossing] */
export function isFree(room, box, family, crossing = false) {
  for (let band = Math.floor(box.y0 / BAND); band <= Math.floor(box.y1 / BAND); band++) {
    for (const other of room.bands.get(band) ?? []) {
      if (other.x0 >= box.x1 || box.x0 >= other.x1 || other.y0 >= box.y1 || box.y0 >= other.y1) continue;
      if (other.family !== family && !(crossing && other.line)) return false;
    }
  }
  return true;
}

// Everything drawn for these nodes: dots, rings, badges, lines of edges and their bends.
/** @param {App} app @param {number[]} nodes */
export function fillRoom(app, nodes) {
  const room = makeRoom();
  for (const i of nodes) {
    const [x, y] = [screenX(app, i), screenY(app, i)];
    occupyNode(app, room, i, x, y);
    if (isShape(app, i)) occupy(room, { x0: x, y0: y - SHAPE, x1: plotEnd(app), y1: y + SHAPE });
    if (app.scene.parent[i] >= 0) occupyEdge(app, room, i, x, y);
    else occupy(room, { x0: x - 18 - headingWidth(app), y0: y - 7, x1: x, y1: y + 7 });
  }
  for (const bracket of app.scene.stage.brackets) {
    const { x, heights, box } = bracketOf(app, bracket);
    occupy(room, box);
    occupy(room, { x0: x - 2, y0: heights[0], x1: x + 2, y1: heights[heights.length - 1], line: true });
  }
  return room;
}

/** @param {App} app @param {Room} room @param {number} i @param {number} x @param {number} y */
function occupyNode(app, room, i, x, y) {
  const r = radiusOf(app, i);
  if (r < SMALL) return;
  const half = r + (isFork(app, i) ? 4 : 1.5);
  occupy(room, { x0: x - half, y0: y - half, x1: x + half, y1: y + half });
  const wide = laneWidth(app, i) / 2;
  if (!wide) return;
  const middle = y - r - (isFork(app, i) ? 15 : 11);
  occupy(room, { x0: x - wide, y0: middle - 8, x1: x + wide, y1: middle + 8 });
}

// A line that goes on along the same row makes its box longer, so that a long chain of short steps is one.
/** @param {App} app @param {Room} room @param {number} i @param {number} x @param {number} y */
function occupyEdge(app, room, i, x, y) {
  const above = app.scene.parent[i];
  const [from, fromY, half] = [screenX(app, above), screenY(app, above), edgeWidth(app, i) / 2];
  const level = Math.abs(y - fromY) < 1;
  const bend = level ? 0 : bendOf(x - from);
  for (let k = 1; bend && k < BEND.length; k++) {
    const [[x0, start], [x1, end]] = [BEND[k - 1], BEND[k]].map(([along, down]) => [from + along * bend, fromY + down * (y - fromY)]);
    occupy(room, { x0: x0 - half, y0: Math.min(start, end), x1: x1 + half, y1: Math.max(start, end), family: above, line: true });
  }
  const before = level ? room.lines.get(above) : undefined;
  if (before) before.x1 = x;
  const line = before ?? { x0: from + bend, y0: y - half, x1: x, y1: y + half, line: true };
  room.lines.set(i, line);
  if (!before) occupy(room, line);
}

// How far the drawing of a node reaches from its middle along its line; a badge above it reaches further.
/** @param {App} app @param {number} i */
export function reachOf(app, i) {
  const lane = laneWidth(app, i);
  const r = radiusOf(app, i);
  const own = r + (r < SMALL ? 3 : isFork(app, i) ? 9 : 5) + (i === app.selected ? 7 : 0);
  return lane && r >= 4 ? Math.max(own, lane / 2 + 4) : own;
}

// Where words over or under a node end: beyond it as far as none of its children stands.
/** @param {App} app @param {number} i */
function edgeBeside(app, i) {
  return app.shape.children[i].reduce((edge, child) => Math.min(edge, screenX(app, child) - 14), screenX(app, i) + 24);
}

// Where words can stand: right of a leaf on an axis in tokens; left of the node over its line, and further left where no
// sibling's line comes from; under the line of the lowest sibling; over a fork, between its branches.
// `base` is how far the line of text next to the node's row is from it; `down`: further lines are under that one.
/** @param {App} app @param {number} i */
export function placesOf(app, i) {
  const { parent, axis, share, observation } = app.scene;
  const above = parent[i];
  const [x, from] = [screenX(app, i), screenX(app, above)];
  const drop = app.ay[i] - app.ay[above];
  const end = x - reachOf(app, i);
  const span = end - from - reachOf(app, above);
  const lift = 5 + edgeWidth(app, i) / 2;
  const under = observation[i] ? LINE : 0;
  const leaf = !app.shape.children[i].length;
  const places = [];
  if (axis.kind === "tokens" && leaf) {
    const start = x + reachOf(app, i) + (isPartial(share[i]) ? 6 : 0);
    const room = Math.min(LEAF_ROOM, app.width - app.side - start - 4);
    places.push({ x: start, room, base: under ? -3 : 4, left: true });
  }
  places.push({ x: end, room: span - (drop > 0.01 ? 0.2 * bendOf(x - from) : 0), base: -lift });
  const dots = radiusOf(app, above) < SMALL;
  if (dots && !leaf && !isFork(app, i)) return places;
  const siblings = app.shape.children[above];
  const far = { x: end, room: Math.max(span, 0) + FAR_LEFT };
  if (dots || (drop < -0.01 && siblings[0] === i)) places.push({ ...far, base: -lift });
  if (drop > 0.01 && siblings.at(-1) === i) places.push({ ...far, base: lift + ASCENT - 1 + under, down: true });
  if (app.row[i] - app.top[i] > 0.4) {
    const { x: edge, base } = placesBeside(app, i)[0];
    places.push({ x: edge, room: edge - from - 24, base });
  }
  return places;
}

// Where words that have no room there can stand: over or under the node.
/** @param {App} app @param {number} i @returns {Place[]} */
export function placesBeside(app, i) {
  const clear = radiusOf(app, i) + (isFork(app, i) ? 9 : 5);
  const beside = { x: edgeBeside(app, i), room: FAR_LEFT };
  const under = clear + ASCENT - 3 + (app.scene.observation[i] ? LINE : 0);
  return [
    { ...beside, base: -clear - (laneWidth(app, i) ? 16 : 0) },
    { ...beside, base: under, down: true },
  ];
}

// Where words stand that have no room there either: in the row of the node, or over or under it at any height, to the right
// or to the left. `stem` is where a line from the node leads to them.
/** @param {App} app @param {number} i @returns {Place[]} */
export function placesApart(app, i) {
  const [x, reach, r] = [screenX(app, i), reachOf(app, i), radiusOf(app, i)];
  /** @type {Place[]} */
  const found = [{ x: x - reach, base: 4, room: FAR_LEFT }, { x: x + reach, base: 4, room: FAR_LEFT, left: true }];
  for (let line = 0; line < STEM_LINES; line++) {
    for (const { base, down } of placesBeside(app, i)) {
      const height = { base: base + (down ? line : -line) * (LINE + 1), down, room: FAR_LEFT };
      for (const stem of line ? [x, x - 0.8 * r, x + 0.8 * r] : [undefined]) {
        for (const over of [8, 0, 26, 60]) found.push({ ...height, stem, x: x - over, left: true }, { ...height, stem, x: x + over });
      }
    }
  }
  return found;
}

// The line from a node to words over or under it.
/** @param {App} app @param {number} i @param {number} stem @param {Box} p */
export function stemTo(app, i, stem, { y0, y1 }) {
  const [y, clear] = [screenY(app, i), radiusOf(app, i) + (isFork(app, i) ? 7 : 2)];
  return { x0: stem - 1, x1: stem + 1, ...(y1 < y ? { y0: y1, y1: y - clear } : { y0: y + clear, y1: y0 }) };
}

// The box of lines of text at a place, with the distance that they keep from other words.
/** @param {App} app @param {number} i @param {Place} place @param {number} width @param {number} count */
export function boxOf(app, i, place, width, count) {
  const y = screenY(app, i) + place.base;
  const x0 = place.left ? place.x : place.x - width;
  const [first, last] = place.down ? [y, y + LINE * (count - 1)] : [y - LINE * (count - 1), y];
  return { x0: x0 - GAP, y0: first - ASCENT - (count > 2 ? GAP : 0), x1: x0 + width + GAP, y1: last + DESCENT + (place.down ? 2 * GAP : 0) };
}

// Within all that can be scrolled to, so that words stay as they are while the view moves.
/** @param {App} app @param {Box} p */
export function isInside(app, { x0, y0, x1, y1 }) {
  const { view } = app;
  const right = app.left + app.plot * view.zx + leafRoom(app) + view.ox;
  const top = HEAD + view.oy;
  return x0 >= 2 + view.ox && x1 <= right && y0 >= top && y1 <= top + Math.max(app.room, contentHeight(app));
}
