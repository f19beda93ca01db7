// Lines of tokens: the word, its weight, its strips; forks inside the sentence. Text goes in through textContent alone.

import { html, svg } from "../browse/dom.js";
import { css, diverging, rising } from "../canvas/js/palette.js";

const TAG_ALONE = /^<\/?[\w:|]+>$/;
const FEW = 3;

/** @param {TokensData} data @param {Theme} theme @param {number | null} value */
export function weightColour({ signed, low, high }, theme, value) {
  if (value === null) return "";
  return css(signed ? diverging(theme, value, high || 1) : rising(theme, (value - low) / (high - low || 1)));
}

/** @param {TokensData} data @param {Theme} theme @param {(at: number) => void} look */
export function linesOf(data, theme, look) {
  /** @type {Map<number, HTMLElement>} */
  const tokens = new Map();
  const lines = data.lines.map((line, place) => {
    const row = html("div", place + 1 < data.lines.length ? "line" : "line last"), words = html("div", "words");
    const dot = html("span", "dot");
    dot.append(dotOf(weightColour(data, theme, line.credit), line, data.signed));
    const held = line.call ? html("div", "box") : words;
    for (const item of line.items) {
      if (item.forked) held.append(forkOf(item));
      const token = tokenOf(item, data, theme);
      token.onclick = () => look(item.at);
      tokens.set(item.at, token);
      held.append(token);
    }
    if (line.call) words.append(held);
    if (line.answer) words.append(...answerOf(line.answer));
    if (line.outcome) words.append(html("span", "outcome", `${line.right ? "\u2713" : "\u2715"} ${line.outcome}`));
    row.append(html("span", "credit", line.number), dot, words, html("span", "count", line.count));
    return row;
  });
  return { lines, tokens };
}

/** @param {string} colour @param {TokenLine} line @param {boolean} signed */
function dotOf(colour, { credit, fork }, signed) {
  const picture = svg("svg", { width: 26, height: 26, "aria-hidden": "true" });
  if (fork) picture.append(svg("circle", { class: "ring", cx: 13, cy: 13, r: 11.5 }));
  picture.append(svg("circle", { class: colour ? "" : "unknown", cx: 13, cy: 13, r: 8, fill: colour || "none" }));
  if (signed && credit) picture.append(svg("text", { class: "sign", x: 13, y: 17 }, credit > 0 ? "+" : "\u2212"));
  return picture;
}

/** @param {TokenItem} item */
function forkOf({ choices }) {
  const fork = html("span", "fork"), ways = html("span", "ways");
  const others = choices.filter(({ drawn, here }) => drawn && !here);
  for (const { text, outcome, right } of others.slice(0, FEW)) {
    const way = html("span", "way");
    way.append(html("b", "", text.trim() || "\u23ce"), html("span", "", ` ${right === null ? "" : right ? "\u2713" : "\u2715"} ${outcome}`));
    ways.append(way);
  }
  if (others.length > FEW) ways.append(html("span", "way", `${others.length - FEW} more`));
  fork.append(html("span", "ring"), ways);
  return fork;
}

/** @param {TokenItem} item @param {TokensData} data @param {Theme} theme */
function tokenOf(item, data, theme) {
  const token = html("button", "token"), shown = item.text.replaceAll("\r\n", "\n").replaceAll("\n", "\u23ce");
  const word = html("span", TAG_ALONE.test(item.text.trim()) ? "word tag" : "word", shown || "\u2423");
  const weight = html("span", item.weight === null ? "weight unknown" : "weight");
  word.dir = "auto";
  weight.style.background = weightColour(data, theme, item.weight);
  token.append(word, weight);
  for (const name of data.strips) {
    const strip = html("span", `strip ${name}`), bar = html("i", "");
    bar.style.height = `${Math.round((100 * Math.max(0, item[name] ?? 0)) / data.most[name])}%`;
    strip.append(bar);
    token.append(strip);
  }
  token.setAttribute("aria-label", `${item.text.trim() || "line end"}, weight ${item.words.weight}, probability ${item.words.probability}`);
  return token;
}

/** @param {string} text */
function answerOf(text) {
  const box = html("span", "answer"), words = html("span", "said", text);
  words.dir = "auto";
  box.append(html("span", "muted", "the tool answered "), words);
  return [html("span", "arrow", "\u2192"), box, html("span", "muted small", "not the model\u2019s words: no weight")];
}
