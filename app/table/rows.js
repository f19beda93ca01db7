// The table itself: headings that sort, a row a step. Everything that comes from data goes in through textContent.

import { html, toned } from "../browse/dom.js";

const HALF = 26;

/** @param {StepsTablePage} data @param {(sort: string) => void} sortBy */
export function stepsHead(data, sortBy) {
  const head = html("thead"), line = html("tr");
  for (const { name, title, about } of data.heads) {
    const cell = html("th", name);
    const on = data.sort.replace(/^-/, "") === name, down = on && data.sort.startsWith("-");
    const button = html("button", on ? "on" : "", on ? `${title} ${down ? "\u2193" : "\u2191"}` : title);
    cell.scope = "col";
    cell.setAttribute("aria-sort", on ? (down ? "descending" : "ascending") : "none");
    button.title = about;
    button.dataset.sort = name;
    const rising = name === "place" || name === "step" || name === "depth";
    button.onclick = () => sortBy(on ? (down ? name : `-${name}`) : rising ? name : `-${name}`);
    cell.append(button);
    line.append(cell);
  }
  head.append(line);
  return head;
}

/** @param {StepsTablePage} data */
export function stepsBody(data) {
  const body = html("tbody");
  body.append(...data.rows.map((row) => stepLine(row, data.signed)));
  return body;
}

/** @param {StepsTableRow} row @param {boolean} signed */
function stepLine(row, signed) {
  const line = html("tr"), step = html("th", "step"), button = html("button", "words");
  line.dataset.id = row.id;
  if (row.pruned) line.className = "pruned";
  step.scope = "row";
  button.dir = "auto";
  button.tabIndex = -1;
  button.append(...toned(row.step));
  step.append(button);
  if (row.pruned) step.append(html("span", "gone", "pruned"));
  if (row.beneath.length) {
    const beneath = html("div", "beneath");
    beneath.dir = "auto";
    beneath.append(...toned(row.beneath));
    step.append(beneath);
  }
  const cell = (/** @type {string} */ name, /** @type {string} */ text) => html("td", name, text);
  const credit = html("td", "credit");
  credit.append(html("span", "number", row.credit), barOf(row.bar, signed));
  line.append(
    cell("place", row.place), step, cell("depth", row.depth), cell("siblings", row.siblings), cell("right", row.right),
    cell("value", row.value), credit, ...(row.was === null ? [] : [cell("was", row.was)]), cell("tokens", row.tokens),
  );
  return line;
}

// Credit as a length from zero, to the left where it is negative; hatched where none is assigned.
/** @param {number | null} share @param {boolean} signed */
function barOf(share, signed) {
  const box = html("span", signed ? "bar" : "bar level");
  box.setAttribute("aria-hidden", "true");
  if (share === null) box.classList.add("none");
  else {
    const full = html("i", share < 0 ? "negative" : share > 0 ? "positive" : "zero");
    const from = signed ? HALF : 0, reach = signed ? HALF : 2 * HALF;
    full.style.left = `${from + Math.min(0, share) * reach}px`;
    full.style.width = `${Math.max(1, Math.abs(share) * reach)}px`;
    box.append(full);
  }
  return box;
}
