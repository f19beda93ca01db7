// The equation of a frame on the picture, near the node that it is worked for: where nothing is said, and where there is no
// such place, in a lane of its own under the trees, which stays for the rest of the film. A number lights the nodes that it comes from, and a node its numbers. Data goes in as text only.

import { HEAD, screenX, screenY } from "./geometry.js";
import { requestDraw } from "./motion.js";
import { shownOf } from "./nodes.js";
import { bandsOf } from "./room.js";
import { drawn, made } from "../../page/elements.js";

const EDGE = 6;
const STRIDE = { x: 14, y: 8 };
const COVERED = { said: 100000, line: 70 };
const MIN_TREES = 200;
const NARROW = 520;

/** @param {App} app @param {(rows: number[] | null) => void} light */
export function showFormula(app, light) {
  const { formula } = app.full.stage;
  const stamp = JSON.stringify(formula);
  if (app.formulaStamp === stamp) return;
  app.formulaStamp = stamp;
  const { card } = app.dom;
  app.cardAt = null;
  card.hidden = !formula;
  card.replaceChildren();
  if (!formula) return;
  card.append(made("div", "tc-worked", `For ${formula.name}:`));
  const [general, ...worked] = formula.rows;
  for (const rows of [[general], worked]) {
    const line = made("div", "tc-equation");
    line.append(...rows.map(drawn));
    card.append(line);
  }
  for (const [k, one] of termsOf(card)) listenTerm(one, formula.about[k], () => light(formula.nodes[k]), () => light(null));
}

/** @param {HTMLElement} card @returns {[number, HTMLElement][]} */
function termsOf(card) {
  return Array.from(card.querySelectorAll("[data-term]"), (one) => [Number(one.getAttribute("data-term")), /** @type {HTMLElement} */ (one)]);
}

/** @param {HTMLElement} one @param {string} about @param {() => void} on @param {() => void} off */
function listenTerm(one, about, on, off) {
  one.setAttribute("tabindex", "0");
  one.setAttribute("aria-label", `${one.textContent}, ${about}`);
  for (const name of ["pointerenter", "focus"]) one.addEventListener(name, on);
  for (const name of ["pointerleave", "blur"]) one.addEventListener(name, off);
}

// The numbers that come from the node under the pointer.
/** @param {App} app @param {number} i */
export function litTerms(app, i) {
  const { formula } = app.full?.stage ?? {};
  if (!formula) return;
  for (const [k, one] of termsOf(app.dom.card)) one.toggleAttribute("data-lit", i >= 0 && formula.nodes[k].includes(i));
}

// The card goes to the best place for where everything stands now, once that has come to rest.
/** @param {App} app @param {Room | null} room */
export function placeFormula(app, room) {
  const { card } = app.dom;
  const [first] = app.full.stage.marked;
  if (card.hidden || first === undefined) return;
  const i = shownOf(app, first);
  const at = { x: screenX(app, i), y: Math.max(HEAD, Math.min(app.height, screenY(app, i))) };
  if (!app.motion && !app.viewMotion) {
    const size = { width: card.offsetWidth, height: card.offsetHeight };
    const words = app.boxes.reduce((sum, { x0, y0, x1 }) => sum + x0 + 3 * y0 + 7 * x1, 0);
    const stamp = [at.x, at.y, size.width, size.height, app.width, app.height, words].map(Math.round).join(" ");
    if (!app.cardAt || app.cardAt.stamp !== stamp) app.cardAt = { stamp, ...size, ...placeFor(app, room, at, size) };
    card.style.transform = `translate(${app.cardAt.x}px, ${app.cardAt.y}px)`;
  }
  if (app.cardAt && app.width >= NARROW) drawLeader(app, at, app.cardAt);
}

/** @param {App} app @param {Room | null} room @param {Point} at @param {{ width: number, height: number }} size */
function placeFor(app, room, at, size) {
  const best = app.lane ? null : bestPlace(app, room, at, size);
  const lane = size.height + 2 * EDGE;
  const hides = !best || best.cost >= COVERED.said || (app.width < NARROW && room);
  if (!hides || app.height + app.lane - lane < MIN_TREES) return best ?? bestPlace(app, room, at, size);
  if (lane > app.lane) {
    app.lane = lane;
    requestDraw(app);
  }
  return { x: Math.max(EDGE, Math.min(at.x - size.width / 2, app.width - app.side - size.width - EDGE)), y: app.height + EDGE };
}

/** @param {App} app @param {Room | null} room @param {Point} at @param {{ width: number, height: number }} size */
function bestPlace(app, room, at, { width, height }) {
  let best = { x: EDGE, y: HEAD, cost: Infinity };
  const right = Math.max(EDGE, app.width - app.side - width - EDGE);
  const low = Math.max(HEAD, app.height - height - EDGE);
  for (let y = HEAD; y <= low; y += STRIDE.y) {
    for (let x = EDGE; x <= right; x += STRIDE.x) {
      const box = { x0: x, y0: y, x1: x + width, y1: y + height };
      const far = Math.hypot(Math.max(x - at.x, 0, at.x - box.x1), Math.max(y - at.y, 0, at.y - box.y1));
      if (far >= best.cost) continue;
      const cost = far + (room ? covered(room, box, best.cost - far) : 0);
      if (cost < best.cost) best = { x, y, cost };
    }
  }
  return best;
}

/** @param {Room} room @param {Box} box @param {number} most */
function covered(room, box, most) {
  let cost = 0;
  const seen = new Set();
  for (const band of bandsOf(box)) {
    for (const other of room.bands.get(band) ?? []) {
      if (seen.has(other) || other.x0 >= box.x1 || other.x1 <= box.x0 || other.y0 >= box.y1 || other.y1 <= box.y0) continue;
      seen.add(other);
      cost += other.line ? COVERED.line : COVERED.said;
      if (cost >= most) return cost;
    }
  }
  return cost;
}

/** @param {App} app @param {Point} at @param {Point & { width: number, height: number }} card */
function drawLeader(app, at, { x, y, width, height }) {
  const { context, theme } = app;
  const end = { x: Math.max(x, Math.min(at.x, x + width)), y: Math.max(y, Math.min(at.y, y + height)) };
  const length = Math.hypot(end.x - at.x, end.y - at.y);
  if (length < 18) return;
  context.strokeStyle = theme.accent;
  context.lineWidth = 1;
  context.globalAlpha = 0.55;
  context.setLineDash([2, 3]);
  context.beginPath();
  context.moveTo(at.x + ((end.x - at.x) * 14) / length, at.y + ((end.y - at.y) * 14) / length);
  context.lineTo(end.x, end.y);
  context.stroke();
  context.setLineDash([]);
  context.globalAlpha = 1;
}
