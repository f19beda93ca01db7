// The trees as dots, with the branch that is read; a click on one reads a branch through it.

import { html, svg } from "../browse/dom.js";
import { weightColour } from "./lines.js";

const WIDE = 330, EDGE = 9, TALL = 15, MIN_TALL = 5;

/** @param {TokensData} data @param {Theme} theme @param {(end: string) => void} read */
export function smallTreeOf(data, theme, read) {
  const { dots, columns, rows } = data.tree;
  const box = html("div", "small");
  if (!dots.length) return box;
  const tall = Math.max(MIN_TALL, Math.min(TALL, 420 / rows));
  const x = (/** @type {TokenDot} */ dot) => EDGE + (dot.x * (WIDE - 2 * EDGE - 16)) / Math.max(1, columns - 1);
  const y = (/** @type {TokenDot} */ dot) => EDGE + dot.y * tall;
  const picture = svg("svg", { viewBox: `0 0 ${WIDE} ${2 * EDGE + (rows - 1) * tall}`, width: "100%", role: "img" });
  picture.setAttribute("aria-label", "The trees and the branch that is read; up and down read its neighbours");
  const line = (/** @type {TokenDot} */ dot) => {
    const above = dots[dot.above], bend = Math.min(8, (x(dot) - x(above)) / 2);
    return `M${x(above)} ${y(above)}L${x(above) + 2} ${y(above)}Q${x(above) + bend} ${y(above)} ${x(above) + bend} ${(y(above) + y(dot)) / 2}T${x(above) + 2 * bend} ${y(dot)}H${x(dot)}`;
  };
  for (const on of [false, true]) {
    for (const dot of dots) if (dot.above >= 0 && dot.on === on) picture.append(svg("path", { class: on ? "twig on" : "twig", d: line(dot) }));
  }
  const size = Math.max(2, Math.min(4.2, tall / 2.6));
  for (const dot of dots) {
    const colour = weightColour(data, theme, dot.credit), fill = dot.prompt ? "none" : colour || "none";
    const shape = dot.prompt || (dot.leaf && dot.right === false)
      ? svg("rect", { x: x(dot) - size, y: y(dot) - size, width: 2 * size, height: 2 * size, rx: dot.prompt ? 2 : 0.5, fill })
      : svg("circle", { cx: x(dot), cy: y(dot), r: size, fill });
    shape.setAttribute("class", `spot${dot.prompt || !colour ? " bare" : ""}${dot.on ? " on" : ""}`);
    shape.addEventListener("click", () => read(dot.end));
    picture.append(shape);
    if (dot.leaf && dot.right !== null && tall > 9) picture.append(svg("text", { class: "ended", x: WIDE - 10, y: y(dot) + 4 }, dot.right ? "\u2713" : "\u2715"));
  }
  box.append(picture);
  return box;
}
