// The lines before the words of a row, which make a list a tree: which of those above go on below it.

import { svg } from "../browse/dom.js";

const HALF = 12.5, FULL = 25, EDGE = 9, MAX_WIDTH = 150, STEP = 18, TURN = 5;

/** @param {ComparePanel} panel @returns {CompareRail[]} */
export function railsOf({ rows, above }) {
  const goesOn = [false, ...above];
  const deepest = Math.max(1, ...rows.map(({ level }) => level));
  const step = Math.min(STEP, MAX_WIDTH / deepest);
  return rows.map(({ level, last, id }, at) => {
    const lines = [];
    for (let k = 1; k < level; k++) if (goesOn[k]) lines.push(k - 1);
    if (id) goesOn[level] = !last;
    goesOn.length = level + 1;
    return { level, step, lines, last, above: level > 0, below: (rows[at + 1]?.level ?? 0) > level };
  });
}

/** @param {CompareRail} rail @param {CompareRow} row @param {string} ring */
export function railDrawing({ level, step, lines, last, above, below }, row, ring) {
  const x = (/** @type {number} */ k) => EDGE + k * step;
  const picture = svg("svg", { class: "rail", width: x(level) + EDGE, height: FULL, "aria-hidden": "true" });
  const line = (/** @type {string} */ d) => picture.append(svg("path", { class: "twig", d }));
  for (const k of lines) line(`M${x(k)} 0V${FULL}`);
  if (above) {
    line(`M${x(level - 1)} 0V${HALF - TURN}q0 ${TURN} ${Math.min(TURN, step - 6)} ${TURN}H${x(level)}`);
    if (!last) line(`M${x(level - 1)} 0V${FULL}`);
  }
  if (below) line(`M${x(level)} ${HALF}V${FULL}`);
  if (!row.id) picture.append(svg("rect", { class: "root", x: x(0) - 5.5, y: HALF - 5.5, width: 11, height: 11, rx: 3 }));
  else if (row.right === false) picture.append(svg("rect", { class: "dot", x: x(level) - 4, y: HALF - 4, width: 8, height: 8, rx: 1 }));
  else picture.append(svg("circle", { class: "dot", cx: x(level), cy: HALF, r: 4.3 }));
  if (ring) picture.append(svg("circle", { class: "ring", cx: x(level), cy: HALF, r: 7, stroke: ring }));
  return picture;
}
