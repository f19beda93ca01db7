// The whole forest beside a part of it: every step once, in true proportions, with what is in sight, chosen and found.

import { HEAD, PAD, ROW, screenY, whole } from "./geometry.js";
import { contextOf, colourOf } from "./palette.js";
import { shownOf } from "./nodes.js";
import { drawnOf } from "./refold.js";

const WIDE = { canvas: 900, map: 104, narrow: 76, least: 640 };
const MAP_EDGE = { left: 16, right: 10, bottom: 8 };
const MAP_VEIL = 0.66;
/** @type {WeakMap<App, MapPicture>} */
const PICTURES = new WeakMap();
/** @type {WeakMap<Values, number>} */
const LAST_ROW = new WeakMap();

// Rows of the whole forest.
/** @param {Scene} full */
export function mapRows(full) {
  let last = LAST_ROW.get(full.row);
  if (last === undefined) LAST_ROW.set(full.row, (last = full.row.reduce((most, row) => Math.max(most, row ?? 0), 0)));
  return last + 1;
}

// Width that the map takes beside the trees; 0 where they all fit, or where there is no room for it.
/** @param {App} app */
export function mapWidth(app) {
  const { clientWidth, clientHeight } = app.dom.area;
  if (!app.full || clientWidth < WIDE.least) return 0;
  const high = PAD.top + PAD.bottom + (mapRows(app.full) - 1) * ROW.least;
  if (!app.drawn && high <= clientHeight - HEAD) return 0;
  return clientWidth < WIDE.canvas ? WIDE.narrow : WIDE.map;
}

// Rows that each step of the forest reaches over, and how deep it is.
/** @param {Scene} full */
function mapExtents({ parent, row }) {
  const n = parent.length;
  const [top, low] = [Float32Array.from(row, (one) => one ?? 0), Float32Array.from(row, (one) => one ?? 0)];
  const depth = new Int32Array(n);
  const inner = new Uint8Array(n);
  let deepest = 1;
  for (let i = 0; i < n; i++) {
    if (parent[i] < 0) continue;
    inner[parent[i]] = 1;
    depth[i] = depth[parent[i]] + 1;
    deepest = Math.max(deepest, depth[i]);
  }
  for (let i = n - 1; i >= 0; i--) {
    const above = parent[i];
    if (above < 0) continue;
    top[above] = Math.min(top[above], top[i]);
    low[above] = Math.max(low[above], low[i]);
  }
  return { top, low, depth, inner, deepest };
}

// Lines of pixels that each step covers, `end` not among them, and the step that ends on each line.
/** @param {Scene} full @param {number} lines */
function mapPlaces(full, lines) {
  const { top, low, depth, inner, deepest } = mapExtents(full);
  const rows = mapRows(full);
  const start = Int32Array.from(top, (row) => Math.min(lines - 1, Math.floor((row / rows) * lines)));
  const end = Int32Array.from(low, (row, i) => Math.max(start[i] + 1, Math.min(lines, Math.floor(((row + 1) / rows) * lines))));
  const ending = new Int32Array(lines).fill(-1);
  for (let i = 0; i < start.length; i++) if (!inner[i]) ending.fill(i, start[i], end[i]);
  for (let y = 0; y < lines; y++) if (ending[y] < 0) ending[y] = y ? ending[y - 1] : ending.find((i) => i >= 0) ?? 0;
  return { start, end, depth, deepest, ending };
}

// Steps that fall on one place give it the colour of their mean.
/** @param {Scene} full @param {MapPlaces} places @param {number} lines @param {number} columns */
function mapCells(full, { start, end, depth, deepest }, lines, columns) {
  const [sum, hue] = [new Float64Array(lines * columns), new Float64Array(lines * columns)];
  const [known, here] = [new Float64Array(lines * columns), new Uint8Array(lines * columns)];
  const { values, hue: hues, on } = full.fill;
  for (let i = 0; i < start.length; i++) {
    if (!depth[i]) continue;
    const column = Math.floor(((depth[i] - 1) * columns) / deepest);
    const value = on ? values[i] : null;
    for (let y = start[i]; y < end[i]; y++) {
      const at = y * columns + column;
      here[at] = 1;
      if (value === null) continue;
      sum[at] += value;
      hue[at] += hues?.[i] ?? 0;
      known[at]++;
    }
  }
  return { sum, hue, known, here };
}

/** @param {App} app @param {number} width @param {number} lines @param {number} columns @param {MapPlaces} places */
function paintMap(app, width, lines, columns, places) {
  const { full, theme, ratio } = app;
  const { sum, hue, known, here } = mapCells(full, places, lines, columns);
  const made = document.createElement("canvas");
  made.width = width;
  made.height = lines;
  const context = contextOf(made);
  const image = context.createImageData(width, lines);
  const gap = width / columns >= 5 * ratio ? Math.round(ratio) : 0;
  const unknown = full.fill.on ? theme.zero : theme.neutral;
  for (let at = 0; at < here.length; at++) {
    if (!here[at]) continue;
    const column = at % columns;
    const line = (at - column) / columns;
    const [r, g, b] = known[at] ? colourOf(theme, full.fill, sum[at] / known[at], hue[at] / known[at]) : unknown;
    const last = Math.max(Math.floor(((column + 1) * width) / columns) - gap, Math.floor((column * width) / columns) + 1);
    for (let x = Math.floor((column * width) / columns); x < last; x++) {
      image.data.set([r, g, b, known[at] || !full.fill.on ? 255 : 90], 4 * (line * width + x));
    }
  }
  context.putImageData(image, 0, 0);
  return made;
}

// The picture of the forest as it looks now, made anew when that changes.
/** @param {App} app @param {number} wide */
function mapPicture(app, wide) {
  const { full, ratio, theme, height } = app;
  const width = Math.max(1, Math.round((wide - MAP_EDGE.left - MAP_EDGE.right) * ratio));
  const lines = Math.max(1, Math.round((height - HEAD - MAP_EDGE.bottom) * ratio));
  const kept = PICTURES.get(app);
  if (kept?.full === full && kept.width === width && kept.lines === lines && kept.dark === theme.dark) return kept;
  const places = mapPlaces(full, lines);
  const columns = Math.min(places.deepest, width);
  const image = paintMap(app, width, lines, columns, places);
  const made = { full, width, lines, dark: theme.dark, columns, places, image, chosen: null, hits: null };
  PICTURES.set(app, made);
  return made;
}

// Steps that are selected: one, or all that are drawn as one.
/** @param {App} app @param {MapPicture} picture */
function chosenRows(app, picture) {
  const { selected, drawn } = app;
  if (picture.chosen?.selected !== selected || picture.chosen.drawn !== drawn) {
    const folded = app.scene.folded?.[selected];
    const groups = new Set(folded && (folded.rest.length ? folded.rest : [folded.group]));
    const of = app.full.subtrees?.group;
    const rows = selected < 0 ? [] : !drawn || !of ? [selected] : Array.from(of.keys()).filter((row) => groups.has(of[row]));
    picture.chosen = { selected, drawn, rows };
  }
  return picture.chosen.rows;
}

/** @param {App} app @param {MapPicture} picture */
function hitLines(app, picture) {
  const { all } = app.found;
  if (picture.hits?.all !== all) {
    picture.hits = { all, lines: [...new Set(all.map((row) => (picture.places.start[row] + picture.places.end[row] - 1) >> 1))] };
  }
  return picture.hits.lines;
}

// Whether the drawn trees are the forest itself, so that what is in sight is one part of the map.
/** @param {App} app */
function isPlain(app) {
  return !app.drawn && !app.collapsed.size;
}

/** @param {App} app @param {MapPicture} picture @param {number} line */
function drawnAt(app, picture, line) {
  return shownOf(app, drawnOf(app, picture.places.ending[Math.max(0, Math.min(picture.lines - 1, line))]));
}

/** @param {App} app */
export function drawMap(app) {
  const { map } = app.dom;
  const wide = mapWidth(app);
  map.hidden = !wide;
  if (!wide) return;
  const { ratio, height, theme } = app;
  if (map.width !== Math.round(wide * ratio) || map.height !== Math.round(height * ratio)) {
    map.width = Math.round(wide * ratio);
    map.height = Math.round(height * ratio);
    map.style.width = `${wide}px`;
    map.style.height = `${height}px`;
  }
  const picture = mapPicture(app, wide);
  const context = contextOf(map);
  context.setTransform(1, 0, 0, 1, 0, 0);
  context.clearRect(0, 0, map.width, map.height);
  const [left, top] = [Math.round(MAP_EDGE.left * ratio), Math.round(HEAD * ratio)];
  context.drawImage(picture.image, left, top);
  drawVeil(app, context, picture, left, top);
  context.fillStyle = theme.accent;
  const column = picture.width / picture.columns;
  for (const row of chosenRows(app, picture)) {
    const { start, end, depth, deepest } = picture.places;
    const x = left + Math.floor((Math.max(0, depth[row] - 1) * picture.columns) / deepest) * column;
    const high = Math.max(end[row] - start[row], 2 * ratio);
    context.fillRect(x, top + start[row], Math.min(column, 3 * ratio), high);
  }
  for (const line of hitLines(app, picture)) context.fillRect(left + picture.width + 3 * ratio, top + line, 5 * ratio, Math.max(1, ratio));
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.font = `12px ${theme.sans}`;
  context.fillStyle = theme.muted;
  context.textAlign = "center";
  context.textBaseline = "middle";
  context.fillText(size(app), MAP_EDGE.left + picture.width / ratio / 2, 17);
  tellMap(app);
}

/** @type {WeakMap<number[], string>} */
const SIZES = new WeakMap();

// The steps of the whole forest; its roots are the prompt.
/** @param {App} app */
function size({ full: { parent } }) {
  let words = SIZES.get(parent);
  if (!words) {
    const steps = parent.filter((above) => above >= 0).length;
    SIZES.set(parent, (words = steps === 1 ? "1 step" : `${whole(steps)} steps`));
  }
  return words;
}

// What is out of sight is pale; where the trees are drawn as they are, a frame is around what is in sight.
/** @param {App} app @param {CanvasRenderingContext2D} context @param {MapPicture} picture @param {number} left @param {number} top */
function drawVeil(app, context, picture, left, top) {
  const { theme, ratio, view } = app;
  context.fillStyle = theme.background;
  context.globalAlpha = MAP_VEIL;
  if (isPlain(app)) {
    const [first, last] = [-PAD.top, app.room - PAD.top].map((y) => (y - view.oy) / view.ky + 0.5);
    const [from, to] = [first, last].map((row) => Math.max(0, Math.min(1, row / mapRows(app.full))) * picture.lines);
    const across = (/** @type {number} */ x) => Math.max(0, Math.min(1, (x - app.left - view.ox) / (app.plot * view.zx))) * picture.width;
    const [west, east] = [across(app.left), across(app.width - app.side)];
    context.fillRect(left, top, picture.width, from);
    context.fillRect(left, top + to, picture.width, picture.lines - to);
    context.fillRect(left, top + from, west, to - from);
    context.fillRect(left + east, top + from, picture.width - east, to - from);
    context.globalAlpha = 1;
    context.strokeStyle = theme.ink;
    context.lineWidth = 1.5 * ratio;
    context.beginPath();
    const high = Math.max(to - from, 4 * ratio);
    context.roundRect(left + west - 2 * ratio, top + Math.min(from, picture.lines - high), east - west + 4 * ratio, high, 3 * ratio);
    context.stroke();
    return;
  }
  for (let y = 0; y < picture.lines; y++) {
    const at = screenY(app, drawnAt(app, picture, y));
    if (at < HEAD || at > app.height) context.fillRect(left, top + y, picture.width, 1);
  }
  context.globalAlpha = 1;
}

/** @param {App} app */
function tellMap(app) {
  const { map } = app.dom;
  const high = PAD.top + PAD.bottom + (app.rows - 1) * app.view.ky;
  const share = high > app.room ? -app.view.oy / (high - app.room) : 0;
  map.setAttribute("aria-valuenow", String(Math.round(100 * share)));
  map.setAttribute("aria-label", `All ${size(app)}; arrow keys move what is in sight`);
}

// Where to move the view so that a place of the map is in the middle.
/** @param {App} app @param {{ x: number, y: number }} point */
export function viewAt(app, { x, y }) {
  const picture = /** @type {MapPicture} */ (PICTURES.get(app));
  const line = (y - HEAD) * app.ratio;
  const row = isPlain(app) ? (line / picture.lines) * mapRows(app.full) - 0.5 : app.row[drawnAt(app, picture, Math.floor(line))];
  const along = Math.max(0, Math.min(1, ((x - MAP_EDGE.left) * app.ratio) / picture.width));
  return {
    oy: app.room / 2 - PAD.top - row * app.view.ky,
    ox: (app.width - app.side - app.left) / 2 - along * app.plot * app.view.zx,
  };
}

// The drawn row that a place of the map is in.
/** @param {App} app @param {number} y */
export function rowAt(app, y) {
  return drawnAt(app, /** @type {MapPicture} */ (PICTURES.get(app)), Math.floor((y - HEAD) * app.ratio));
}
