// The words of steps on the tree: as many as their stretch of line holds, those that tell siblings apart first.

import { bendOf, columnWidth, HEAD, isFork, isPartial, isPruned, radiusOf, screenX, screenY, SMALL } from "./geometry.js";
import { breakLines, fitText, measuredOf, plainOf } from "./lines.js";
import { shadeWords } from "./lit.js";
import { edgeWidth, isFaded, visibleNodes } from "./nodes.js";
import {
  boxOf, fillRoom, isFree, isInside, LEAF_ROOM, LINE, MAX_LINES, occupy, placesApart, placesBeside, placesOf, reachOf, stemTo,
} from "./room.js";
import { directionOf, repeatOf, tellingOf, waysToRepeat, waysToSay } from "./telling.js";
import { widthOf } from "./text_width.js";

const MAX_WHOLE_WORD = 24;
const MIN_LETTERS = 4;
const MARGIN = 120;
const WIDE_ROW = 44;
const FEW_WAYS = 2;

// A single word, such as an address, that no line holds.
/** @param {App} app @param {string} font @param {Telling} telling @param {number} room @returns {Run[][] | null} */
function cutWord(app, font, telling, room) {
  const word = telling.words[telling.leaves];
  if (word.trim().length <= MAX_WHOLE_WORD) return null;
  const text = fitText(app, font, word.trim(), room);
  return text ? [[[text, true]]] : null;
}

// Whether a step is one of many dots on a line, which do without words.
/** @param {App} app @param {number} i */
function isDot(app, i) {
  return app.shape.children[i].length && !isFork(app, i) && radiusOf(app, i) < SMALL;
}

// { lines, place, said, box }: the longest words of a step that some place near it holds; null where none does. A step whose
// equal sibling has its words says that it is the same, rather shortly than far from its line.
// `taken`: what its siblings are called -> the label of which that is.
/** @param {App} app @param {number} i @param {string} font @param {Room} room @param {Map<string, string>} taken */
function sayStep(app, i, font, room, taken) {
  const label = app.scene.label[i];
  if (!label) return null;
  const places = placesOf(app, i);
  const beside = isDot(app, i) ? [] : placesBeside(app, i);
  const repeat = taken.has(label) ? repeatOf(app, i) : null;
  /** @type {(ways: Run[][], some: Place[]) => ReturnType<typeof sayAt>} */
  const say = (ways, some) => sayAt(app, i, font, room, taken, ways, some.filter((place) => place.room > 0));
  if (repeat) {
    const ways = waysToRepeat(repeat);
    return say(ways, places.slice(0, 1)) ?? say(ways, places) ?? say(ways, beside);
  }
  const telling = tellingOf(app, i);
  const ways = waysToSay(telling);
  const cut = cutWord(app, font, telling, places[0].room);
  return say(ways, places) ?? (cut && say([cut[0]], places.slice(0, 1))) ?? say(ways, beside);
}

// The longest and the shortest ways to say something, so that looking for a place far away stays quick.
/** @param {Run[][]} ways */
function fewOf(ways) {
  return ways.length > 2 * FEW_WAYS ? [...ways.slice(0, FEW_WAYS), ...ways.slice(-FEW_WAYS)] : ways;
}

// The same for a step that is left without words when all others have theirs: further from it, with a line that leads there;
// where it has siblings, with a line across those of edges rather than not at all. Where that is, is looked for once, not in
// every frame.
/** @param {App} app @param {number} i @param {string} font @param {Room} room @param {Map<string, string>} taken */
function sayApart(app, i, font, room, taken) {
  const label = app.scene.label[i];
  if (!label || isDot(app, i)) return null;
  const repeat = taken.has(label) ? repeatOf(app, i) : null;
  const ways = fewOf(repeat ? waysToRepeat(repeat) : waysToSay(tellingOf(app, i)));
  const places = placesApart(app, i);
  const known = app.landmarks.apart.get(i);
  if (known === null) return null;
  const again = known && sayAt(app, i, font, room, taken, [known.way], [places[known.at]], known.crossing);
  if (again) return again;
  for (const crossing of isFork(app, app.scene.parent[i]) ? [false, true] : [false]) {
    const called = sayAt(app, i, font, room, taken, ways, places, crossing);
    if (called) {
      app.landmarks.apart.set(i, { way: called.way, at: places.indexOf(called.place), crossing });
      return called;
    }
  }
  app.landmarks.apart.set(i, null);
  return null;
}

/** @param {App} app @param {number} i @param {string} font @param {Room} room @param {Map<string, string>} taken @param {Run[][]} ways @param {Place[]} places @param {boolean} [crossing] */
function sayAt(app, i, font, room, taken, ways, places, crossing = false) {
  const { label, parent } = app.scene;
  for (const way of places.length ? ways : []) {
    const measured = measuredOf(app, font, way);
    const { said } = measured;
    if ((taken.get(said) ?? label[i]) !== label[i]) continue;
    for (const place of places) {
      const broken = breakLines(measured, place.room, place.left ? 1 : MAX_LINES);
      if (!broken) continue;
      const { starts, widest } = broken;
      const box = boxOf(app, i, place, widest, starts.length);
      const stem = place.stem === undefined ? null : stemTo(app, i, place.stem, box);
      if (!isInside(app, box) || !isFree(room, box, parent[i]) || (stem && !isFree(room, stem, parent[i], crossing))) continue;
      return { lines: starts.map((from, k) => way.slice(from, starts[k + 1])), place, said, box, stem, way };
    }
  }
  return null;
}

/** @param {App} app @param {string} text @param {number} x @param {number} y @param {string} colour */
export function haloText(app, text, x, y, colour) {
  const { context, theme } = app;
  context.lineJoin = "round";
  context.lineWidth = 3.5;
  context.strokeStyle = theme.background;
  context.strokeText(text, x, y);
  context.fillStyle = colour;
  context.fillText(text, x, y);
}

// One line, words that differ in ink and shared ones muted. A line of a right-to-left script has one colour, because its
// words do not stand in the order in which they are read.
/**
 * @param {App} app @param {string} font @param {Run[]} runs @param {number} x @param {number} y
 * @param {{ left?: boolean, marked?: boolean, faded?: boolean, struck?: boolean }} look
 */
function drawLine(app, font, runs, x, y, { left, marked, faded, struck }) {
  const { context, theme } = app;
  const text = plainOf(runs);
  const width = widthOf(app, font, text);
  const start = left ? x : x - width;
  const mixed = !marked && !faded && directionOf(text) === "ltr" && runs.some(([, differs]) => differs !== runs[0][1]);
  context.direction = directionOf(text);
  context.textAlign = "left";
  context.font = font;
  if (!mixed) haloText(app, text, start, y, marked || (runs[0][1] && !faded) ? theme.ink : theme.muted);
  else {
    context.lineJoin = "round";
    context.lineWidth = 3.5;
    context.strokeStyle = theme.background;
    context.strokeText(text, start, y);
    let at = start;
    for (const [word, differs] of runs) {
      context.fillStyle = differs ? theme.ink : theme.muted;
      context.fillText(word, at, y);
      at += widthOf(app, font, word);
      context.font = font;
    }
  }
  if (struck) {
    context.fillStyle = theme.muted;
    context.fillRect(start, y - 4, width, 1);
  }
  context.direction = "inherit";
  return width;
}

/** @param {App} app */
function fonts(app) {
  const room = columnWidth(app);
  const size = room < 132 ? 10.5 : room < 175 ? 11 : 12.5;
  return { label: `${size}px ${app.theme.sans}`, observed: `${size - 1}px ${app.theme.mono}` };
}

/** @param {App} app */
export function drawLabels(app) {
  const font = fonts(app);
  const all = visibleNodes(app, MARGIN, app.laidOut);
  const nodes = all.filter((i) => app.scene.parent[i] >= 0);
  const room = fillRoom(app, all);
  const seen = app.view.ky < 31 ? new Map() : reserveObserved(app, nodes, font.observed, room);
  const taken = new Map();
  app.context.textBaseline = "alphabetic";
  const left = [];
  for (const i of nodes) {
    const above = app.scene.parent[i];
    if (!taken.has(above)) taken.set(above, new Map());
    const called = sayStep(app, i, font.label, room, taken.get(above));
    if (called) drawLabel(app, i, font.label, room, taken.get(above), called);
    else left.push(i);
  }
  // First siblings of which none has words, so that they are told apart; then others at forks.
  const turn = (/** @type {number} */ i) => (!isFork(app, app.scene.parent[i]) ? 2 : Number(taken.get(app.scene.parent[i]).size > 0));
  for (const i of left.sort((a, b) => turn(a) - turn(b))) {
    const called = sayApart(app, i, font.label, room, taken.get(app.scene.parent[i]));
    if (called) drawLabel(app, i, font.label, room, taken.get(app.scene.parent[i]), called);
  }
  if (app.view.ky >= 31) for (const i of nodes) if (app.written.has(i)) drawObserved(app, i, font.observed, room, seen.get(i));
  app.context.globalAlpha = 1;
  return room;
}

// What has not grown yet keeps the room of its words.
/** @param {App} app @param {number} i @param {string} font @param {Room} room @param {Map<string, string>} taken @param {Called} called */
function drawLabel(app, i, font, room, taken, { lines, place, said, box, stem }) {
  taken.set(said, app.scene.label[i]).set(app.scene.label[i], app.scene.label[i]);
  occupy(room, box);
  if (stem) occupy(room, stem);
  if (!app.shown[i]) return;
  if (stem) drawStem(app, i, stem);
  app.written.set(i, said);
  app.boxes.push({ ...box, family: app.scene.parent[i] });
  const y = screenY(app, i) + place.base;
  const look = { ...place, marked: app.pathSet.has(i) || app.highlight.has(i), faded: isFaded(app, i) || isPruned(app, i), struck: isPruned(app, i) };
  if (!place.down) lines.reverse();
  shadeWords(app, i, box);
  app.context.globalAlpha = app.alpha[i];
  lines.forEach((line, k) => drawLine(app, font, line, place.x, y + (place.down ? k : -k) * LINE, look));
}

/** @param {App} app @param {number} i @param {Box} stem */
function drawStem(app, i, { x0, y0, x1, y1 }) {
  const { context, theme } = app;
  context.globalAlpha = app.alpha[i];
  context.fillStyle = theme.muted;
  context.fillRect((x0 + x1 - 1) / 2, y0, 1, y1 - y0);
}

// Where what was answered can stand, best first: under the line of its step, under the node.
/** @param {App} app @param {number} i */
function placesObserved(app, i) {
  const above = app.scene.parent[i];
  const [x, from] = [screenX(app, i), screenX(app, above)];
  const reach = reachOf(app, i);
  const leaf = !app.shape.children[i].length;
  const under = LINE + edgeWidth(app, i) / 2;
  if (app.scene.axis.kind === "tokens" && leaf) {
    const start = x + reach + (isPartial(app.scene.share[i]) ? 6 : 0);
    return [{ x: start, room: Math.min(LEAF_ROOM, app.width - app.side - start - 4), base: LINE - 3, left: true }];
  }
  const span = x - reach - from - reachOf(app, above) - (app.ay[i] - app.ay[above] < -0.01 ? 0.4 * bendOf(x - from) : 0);
  const r = radiusOf(app, i);
  const below = { x: x + r, room: x + r - from - reachOf(app, above), base: r + (isFork(app, i) ? 16 : 11) };
  return [{ x: x - reach, room: span, base: under }, below];
}

// What was answered, as far as it fits whole, has its place before any words: under the node only where rows are wide.
/** @param {App} app @param {number[]} nodes @param {string} font @param {Room} room */
function reserveObserved(app, nodes, font, room) {
  const seen = new Map();
  for (const i of nodes) {
    const places = app.scene.observation[i] ? placesObserved(app, i) : [];
    const found = observedAt(app, i, font, room, app.view.ky < WIDE_ROW ? places.slice(0, 1) : places);
    if (found) seen.set(i, found);
  }
  return seen;
}

/** @param {App} app @param {number} i @param {string} font @param {Room} room @param {{ text: string; place: Place } | undefined} reserved */
function drawObserved(app, i, font, room, reserved) {
  if (!app.scene.observation[i]) return;
  const places = placesObserved(app, i);
  const found = reserved ?? observedAt(app, i, font, room, places) ?? observedAt(app, i, font, room, places, { cut: true });
  if (!found) return;
  app.context.globalAlpha = app.alpha[i];
  drawLine(app, font, [[found.text, false]], found.place.x, screenY(app, i) + found.place.base, found.place);
}

// { text, place } in the first of the places that is free for it, which it then takes.
/** @param {App} app @param {number} i @param {string} font @param {Room} room @param {Place[]} places */
function observedAt(app, i, font, room, places, { cut = false } = {}) {
  const whole = `→ ${app.scene.observation[i]}`;
  for (const place of places) {
    const text = cut ? fitText(app, font, whole, place.room, MIN_LETTERS + 2) : whole;
    const width = widthOf(app, font, text);
    const box = boxOf(app, i, place, width, 1);
    if (!text || width > place.room || !isFree(room, box, app.scene.parent[i])) continue;
    occupy(room, box);
    return { text, place };
  }
  return null;
}

// Where labels had to go: the words of the path and of what the pointer is on, as far as they do not collide.
/** @param {App} app */
export function drawCrowdedLabels(app) {
  const { context, scene, theme } = app;
  /** @type {{ x: number, y: number, width: number }[]} */
  const taken = [];
  const font = fonts(app).label;
  const focus = app.hover >= 0 ? [app.hover, ...app.path] : app.path;
  for (const i of focus) {
    const at = screenY(app, i);
    if (!app.shown[i] || scene.parent[i] < 0 || app.written.has(i) || at < HEAD || at > app.height) continue;
    const text = fitText(app, font, scene.label[i], 240);
    if (!text) continue;
    const width = widthOf(app, font, text) + 12;
    const x = Math.max(4, Math.min(screenX(app, i) - width - 8, app.width - app.side - width));
    const y = Math.max(HEAD + 12, screenY(app, i) - radiusOf(app, i) - (isFork(app, i) ? 17 : 13));
    if (taken.some((box) => Math.abs(box.y - y) < 20 && x < box.x + box.width && box.x < x + width)) continue;
    taken.push({ x, y, width });
    context.beginPath();
    context.roundRect(x, y - 9, width, 18, 6);
    context.fillStyle = theme.panel;
    context.fill();
    context.lineWidth = 1;
    context.strokeStyle = theme.hairline;
    context.stroke();
    context.textBaseline = "middle";
    context.direction = directionOf(text);
    context.textAlign = "left";
    context.font = font;
    context.fillStyle = theme.ink;
    context.fillText(text, x + 6, y + 0.5);
    context.direction = "inherit";
  }
}
