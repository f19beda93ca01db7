// What the truth, the learner and each method say about the steps, under these steps; and the chance along the branch.

import { html, svg } from "../../browse/dom.js";
import { css, diverging, inkOver, rising } from "../../canvas/js/palette.js";

const ROW_HIGH = 25, CURVE_HIGH = 74, HEADS = 62;
// Room for names beside their cells, pixels from a column's end to its cell's, and the least and the widest cell.
const NAMES = 118, SHIFT = 12, CELL = 0.95, MIN_CELL = 46, MAX_CELL = 150, CURVE_FROM = 4;

/** @param {LessonUnit} page */
export function tableHeight({ reveal }) {
  return reveal ? HEADS + reveal.lines.length * ROW_HIGH + (reveal.curve.length ? CURVE_HIGH : 0) : 0;
}

// Where the columns stand: under their steps where these follow each other, else evenly; under the names in little room.
/** @param {LessonUnit} page @param {LessonPlaces} places @param {number} room @returns {LessonColumns} */
function columnsOf(page, places, room) {
  const at = page.scale.choices.map(({ digit }) => page.steps.findIndex(({ mark }) => mark === digit));
  const x = at.map((one) => places.x[one]), first = x[0] - places.column * CELL;
  if (!places.scrolls && first > NAMES && x.every((one, k) => !k || one - x[k - 1] > 40)) return { x, width: places.column * CELL, from: places.x[page.steps[at[0]].parent], stacked: false };
  const stacked = (room - NAMES - SHIFT) / x.length < MIN_CELL, left = stacked ? -SHIFT : NAMES;
  const wide = Math.min((room - left - SHIFT) / x.length, MAX_CELL);
  return { x: x.map((_, k) => left + (k + 1) * wide), width: wide * CELL, from: Math.max(CURVE_FROM, left), stacked };
}

/** @param {LessonUnit} page @param {LessonPlaces} places @param {number} room @param {Theme} theme */
export function tableOf(page, places, room, theme) {
  const reveal = /** @type {LessonReveal} */ (page.reveal);
  const box = html("section", "says"), head = html("div", "says-head"), columns = columnsOf(page, places, room);
  head.append(html("h3", "", "What each one says about the steps"), html("small", "", reveal.of));
  const grid = html("div", columns.stacked ? "says-grid stacked" : "says-grid");
  grid.setAttribute("role", "table");
  grid.setAttribute("aria-label", "Credit of the steps by the truth, you and each method");
  const top = html("div", "says-row digits");
  top.setAttribute("role", "row");
  top.append(named("columnheader", "who", ""));
  page.scale.choices.forEach(({ digit }, k) => top.append(placed(named("columnheader", digit === reveal.right ? "digit right" : "digit", String(digit)), columns, k)));
  grid.append(band(columns, reveal.right - 1), top, ...reveal.lines.map((line) => rowOf(line, columns, theme)));
  box.append(head, grid);
  if (reveal.curve.length) box.append(curveOf(reveal, columns));
  return box;
}

/** @param {string} role @param {string} kind @param {string} text */
function named(role, kind, text) {
  const made = html("div", kind, text);
  made.setAttribute("role", role);
  return made;
}

/** @param {HTMLElement} cell @param {LessonColumns} columns @param {number} k */
function placed(cell, { x, width }, k) {
  cell.style.cssText += `;left:${x[k] - width + SHIFT}px;width:${width}px`;
  return cell;
}

/** @param {LessonColumns} columns @param {number} k */
function band(columns, k) {
  return placed(html("div", "band"), { ...columns, width: columns.width + 6, x: columns.x.map((x) => x + 3) }, k);
}

/** @param {LessonLine} line @param {LessonColumns} columns @param {Theme} theme */
function rowOf(line, columns, theme) {
  const row = html("div", `says-row ${line.kind}`);
  row.setAttribute("role", "row");
  row.append(named("rowheader", "who", line.name));
  line.values.forEach((value, k) => {
    if (value === null && line.kind === "you") return;
    const cell = placed(named("cell", value === null ? "cell none" : "cell", value === null ? "" : line.shown[k]), columns, k);
    cell.setAttribute("aria-label", value === null ? "not assigned" : line.shown[k]);
    if (value !== null) {
      const colour = line.low < 0 ? diverging(theme, value, line.limit) : rising(theme, (value - line.low) / (line.limit - line.low || 1));
      cell.style.background = css(colour);
      cell.style.color = inkOver(colour);
    }
    row.append(cell);
  });
  return row;
}

/** @param {LessonReveal} reveal @param {LessonColumns} columns */
function curveOf({ curve, figures }, { x: ends, from, stacked }) {
  const box = html("div", stacked ? "curve stacked" : "curve"), x = [from, ...ends];
  const y = (/** @type {number} */ value) => CURVE_HIGH - 12 - value * (CURVE_HIGH - 34);
  const ink = svg("svg", { width: ends[ends.length - 1] + SHIFT, height: CURVE_HIGH, role: "img", "aria-label": `chance of ending right: ${figures.join(", ")}` });
  ink.append(svg("path", { d: `M${x[0]} ${y(0)}H${x.at(-1)}`, class: "axis" }));
  ink.append(svg("path", { d: curve.map((value, k) => `${k ? "L" : "M"}${x[k]} ${y(value)}`).join(""), class: "chance" }));
  curve.forEach((value, k) => {
    ink.append(svg("circle", { cx: x[k], cy: y(value), r: 3.5, class: "point" }), svg("text", { x: x[k], y: y(value) - 8, class: "figure" }, figures[k]));
  });
  box.append(html("div", "who", "chance of ending right"), ink);
  return box;
}
