// Heads, rows and cells of a comparison. Everything that comes from data goes in through textContent.

import { html, toned } from "../browse/dom.js";
import { css, diverging, inkOver, mix, rising } from "../canvas/js/palette.js";
import { railDrawing } from "./rails.js";
import { breakable } from "./titles.js";

/** @param {CompareDrawn} drawn @param {number} k @param {number} value */
function fillOf({ theme, panel, limit }, k, value) {
  const { low, high, signed } = panel.heads[k];
  return signed ? diverging(theme, value, limit ?? high) : rising(theme, (value - low) / (high - low || 1));
}

/** @param {CompareRow} row @param {CompareDrawn} drawn */
export function rowOf(row, drawn) {
  const made = html("div", row.id ? "row" : "row tree");
  made.setAttribute("role", "row");
  const name = html("div", "step");
  name.setAttribute("role", "rowheader");
  const ring = row.fork === null ? "" : css(mix(drawn.theme.pale, drawn.theme.strong, 0.25 + 0.75 * row.fork));
  const words = html("span", "words");
  words.dir = "auto";
  words.append(...toned(row.words));
  if (row.note) words.append(html("span", "note", row.note));
  if (row.answered) words.append(html("span", "answered", `\u2192 ${row.answered}`));
  words.title = [row.words.map(({ text }) => text).join(""), row.note, row.answered && `\u2192 ${row.answered}`].filter(Boolean).join("  ");
  name.append(railDrawing(drawn.rail, row, ring), words);
  made.append(name);
  if (!row.id) return made;
  const outcome = html("div", "outcome", row.outcome && `${row.right ? "\u2713" : "\u2715"} ${row.outcome}`);
  outcome.setAttribute("role", "gridcell");
  made.append(outcome, ...row.values.map((value, k) => cellOf(row, drawn, k, value)));
  const differ = html("div", "differ", row.apart ? "\u00b1" : "");
  differ.setAttribute("role", "gridcell");
  if (row.apart) differ.setAttribute("aria-label", "signs differ");
  made.append(differ);
  return made;
}

/** @param {CompareRow} row @param {CompareDrawn} drawn @param {number} k @param {number | null} value */
function cellOf(row, drawn, k, value) {
  const head = drawn.panel.heads[k];
  const cell = html("div", value === null ? "cell none" : "cell", value === null ? "" : row.shown[k]);
  cell.setAttribute("role", "gridcell");
  cell.dataset.method = head.method;
  cell.setAttribute("aria-label", `${head.title} ${value === null ? "not assigned" : row.shown[k]}`);
  cell.classList.toggle("at", head.method === drawn.method);
  if (value !== null) {
    const colour = fillOf(drawn, k, value);
    cell.style.background = css(colour);
    cell.style.color = inkOver(colour);
  }
  return cell;
}

/** @param {ComparePanel} panel */
export function headOf(panel) {
  const head = html("div", "head"), spans = html("div", "row spans"), titles = html("div", "row titles");
  spans.append(html("div", "step"), html("div", "outcome compared", "compared with"));
  const reaches = panel.heads.map(({ reach }) => reach);
  reaches.forEach((reach, k) => {
    if (k && reaches[k - 1] === reach) return;
    const span = html("div", "span", reach);
    span.style.gridColumn = `span ${reaches.filter((one) => one === reach).length}`;
    spans.append(span);
  });
  titles.setAttribute("role", "row");
  titles.append(named("step", "step"), named("outcome", "outcome"));
  for (const { title, scale, lacks } of panel.heads) {
    const one = named(lacks ? "title lacking" : "title", breakable(title));
    one.append(html("small", "", lacks ? "cannot run" : scale));
    if (lacks) one.title = lacks;
    titles.append(one);
  }
  head.append(spans, titles);
  return head;
}

/** @param {string} kind @param {string} words */
function named(kind, words) {
  const cell = html("div", kind, words);
  cell.setAttribute("role", "columnheader");
  return cell;
}
