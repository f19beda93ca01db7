// One row a forest. Headings sort.

import { html, plain, svg, toned } from "./dom.js";
import { thumb } from "./thumb.js";

const TALL = 38, MAX_DOTS = 8;
/** @type {[string, string, string][]} name in the address, words, class */
const HEADS = [
  ["", "", "shape"], ["prompt", "prompt, and where it was found", "prompt"], ["pass_rate", "right", "right"],
  ["distinct_answers", "answers", "number"], ["outcome_entropy", "entropy", "number"],
  ["credit_spread", "spread", "spread"], ["sign_disagreement", "signs \u2260", "number"], ["flags", "lint", "lint"],
  ["", "in training", "training"],
];

/** @param {BrowseData} data @param {string} row @param {(change: Record<string, string>) => void} ask */
export function tableOf(data, row, ask) {
  const table = html("table");
  const head = html("tr");
  const sort = data.said.sort || "-credit_spread";
  for (const [name, words, kind] of HEADS) {
    const cell = html("th", kind);
    cell.scope = "col";
    if (!name) cell.append(html("span", words ? "" : "unseen", words || "shape of the trees"));
    else {
      const on = sort.replace(/^-/, "") === name;
      const down = on && sort.startsWith("-");
      const button = html("button", on ? "on" : "", on ? `${words} ${down ? "\u2193" : "\u2191"}` : words);
      cell.setAttribute("aria-sort", on ? (down ? "descending" : "ascending") : "none");
      button.onclick = () => ask({ sort: down || (!on && name === "prompt") ? name : `-${name}`, page: "" });
      cell.append(button);
    }
    head.append(cell);
  }
  const top = html("thead");
  top.append(head);
  const body = html("tbody");
  const widest = Math.max(...data.lines.map(({ spread }) => spread ?? 0), 1e-9);
  for (const line of data.lines) body.append(lineOf(line, line.row === row, widest));
  table.append(top, body);
  return table;
}

/** @param {BrowseLine} line @param {boolean} chosen @param {number} widest */
function lineOf(line, chosen, widest) {
  const row = html("tr");
  row.dataset.row = line.row;
  if (chosen) row.setAttribute("aria-current", "true");
  const cells = HEADS.map(([, , kind]) => html("td", kind));
  const [shape, prompt, right, answers, entropy, spread, signs, lint, training] = cells;
  shape.append(line.parents && line.values ? thumb(line.parents, line.values, TALL) : html("span", "muted", "large"));
  const button = html("button", "asked");
  button.dir = "auto";
  button.append(...toned(line.prompt));
  prompt.append(button);
  if (line.hit.length) {
    const hit = html("div", "hit");
    hit.dir = "auto";
    const words = html("span", "passage");
    words.append(...toned(line.hit));
    hit.append(words, html("span", "muted times", line.times));
    prompt.append(hit);
  }
  right.append(dots(line.right, line.of));
  answers.textContent = line.answers;
  entropy.textContent = line.entropy;
  if (line.spread !== null) {
    const bar = html("span", "size");
    bar.style.width = `${Math.max(1, (42 * line.spread) / widest)}px`;
    spread.append(bar, html("span", "", line.spread.toFixed(2)));
  } else spread.textContent = "\u2013";
  signs.textContent = line.signs;
  lint.append(html("span", line.lint ? "" : "muted", line.lint ? `\u25b3\u00a0${line.lint}` : "\u2013"));
  training.append(line.training.length ? spark(line.training, line.step) : html("span", "muted", "\u2013"));
  row.append(...cells);
  return row;
}

/** @param {number} right @param {number} of */
function dots(right, of) {
  const box = html("span", "dots");
  box.setAttribute("role", "img");
  box.setAttribute("aria-label", of ? `${right} of ${of} right` : "no outcome");
  if (!of) box.textContent = "\u2013";
  else if (of > MAX_DOTS) box.textContent = `${right} of ${of}`;
  else for (let at = 0; at < of; at++) box.append(html("i", at < right ? "full" : "hollow"));
  return box;
}

/** @param {[number, number][]} training @param {number | null} step */
function spark(training, step) {
  const [first, last] = [training[0][0], training[training.length - 1][0]];
  const x = (/** @type {number} */ at) => 3 + ((at - first) / (last - first)) * 54;
  const y = (/** @type {number} */ rate) => 19 - 16 * rate;
  const picture = svg("svg", { class: "spark", width: 60, height: 22, role: "img",
    "aria-label": `pass rate from ${plain(training[0][1])} at step ${first} to ${plain(training[training.length - 1][1])} at step ${last}` });
  picture.append(svg("polyline", { points: training.map(([at, rate]) => `${x(at)},${y(rate)}`).join(" ") }));
  const here = training.find(([at]) => at === step);
  if (here) picture.append(svg("circle", { cx: x(here[0]), cy: y(here[1]), r: 2.4 }));
  return picture;
}
