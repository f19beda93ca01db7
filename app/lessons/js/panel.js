// The panel of a unit: the bet, then what came of it, then the question at the end.

import { html } from "../../browse/dom.js";
import { once, prose } from "./prose.js";

const LESSON_STAGES = ["question", "bet", "truth", "why", "try"];
const SIGN_LOOKS = { 1: "up", 0: "", "-1": "down" };

/** @param {string} words @param {string} kind @param {() => void} press @param {string} [key] */
export function button(words, kind, press, key) {
  const made = html("button", kind, words);
  made.type = "button";
  if (key) made.append(html("kbd", "", key));
  made.addEventListener("click", press);
  return made;
}

// The way out of a unit, at every stage of it.
/** @param {LessonBook} book */
function allUnits(book) {
  return button("All units", "", book.course);
}

/** @param {string} stage */
function progressOf(stage) {
  const box = html("ol", "stages"), now = LESSON_STAGES.indexOf(stage);
  LESSON_STAGES.forEach((name, k) => {
    const one = html("li", k < now ? "past" : k === now ? "past now" : "", name);
    if (k === now) one.setAttribute("aria-current", "step");
    box.append(one);
  });
  return box;
}

/** @param {LessonBook} book */
export function panelOf(book) {
  const { page } = book, box = html("aside", "panel");
  box.setAttribute("aria-label", "The unit, step by step");
  box.append(progressOf(page.stage));
  if (page.reveal === null) box.append(...betParts(book));
  else if (page.attempt === null) box.append(...revealParts(book, page.reveal));
  else box.append(...tryParts(book, page.attempt));
  once(box);
  return box;
}

/** @param {LessonBook} book */
function betParts(book) {
  const { page, said } = book, { scale } = page;
  const list = html("div", "choices");
  list.setAttribute("role", "radiogroup");
  list.setAttribute("aria-label", scale.mark);
  for (const { digit, words, answered } of scale.choices) {
    const one = button("", digit === said.mark ? "choice mine" : "choice", () => book.mark(digit));
    one.setAttribute("role", "radio");
    one.setAttribute("aria-checked", String(digit === said.mark));
    one.append(html("i"), html("span", "digit", String(digit)), html("span", "words", words.map(({ text }) => text).join("")));
    if (answered) one.append(html("code", "", `\u2192 ${answered}`));
    list.append(one);
  }
  const commit = button("Commit and see ", "primary", book.commit, "\u21b5");
  commit.disabled = !said.mark;
  if (!said.mark) commit.title = "Mark a step first";
  const buttons = html("div", "buttons");
  buttons.append(commit, button("Skip", "", book.skip), allUnits(book));
  return [
    html("h2", "", "Predict first"), prose([page.ask]),
    numbered(1, scale.mark, ""), list, numbered(2, scale.heading, scale.measure), sliderOf(book), buttons,
    html("p", "note", "The right step earns up to 10 points, another up to 5: the more, the closer the bet. Kept in this browser only."),
  ];
}

/** @param {number} number @param {string} title @param {string} note */
function numbered(number, title, note) {
  const made = html("h3");
  made.append(html("span", "", `${number}  ${title}`), html("small", "", note));
  return made;
}

/** @param {LessonBook} book */
function sliderOf(book) {
  const { page, said } = book, { low, ends, measure } = page.scale;
  const box = html("div", "slider"), input = html("input"), bubble = html("output", "bubble");
  const show = () => {
    bubble.textContent = book.written(said.bet);
    bubble.style.left = `calc(9px + (100% - 18px) * ${(said.bet / 100 - low) / (1 - low)})`;
    input.setAttribute("aria-valuetext", bubble.textContent);
  };
  Object.assign(input, { type: "range", min: String(low * 100), max: "100", step: "2" });
  input.value = String(said.bet);
  input.setAttribute("aria-label", measure);
  input.className = low < 0 ? "range both" : "range";
  input.addEventListener("input", () => {
    said.bet = Number(input.value);
    show();
    book.moved();
  });
  const ticks = html("div", "ticks"), words = html("div", "ends");
  for (const k of [0, 1, 2, 3, 4]) ticks.append(html("span", "", book.written(Math.round((low + ((1 - low) * k) / 4) * 100))));
  words.append(...ends.map((one) => html("span", "", one)));
  box.append(bubble, input, ticks, words);
  show();
  return box;
}

/** @param {LessonBook} book @param {LessonReveal} reveal */
function revealParts(book, reveal) {
  const { page, drag } = book, head = html("div", "verdict"), truth = html("p", "against");
  head.append(html("h2", "", reveal.title));
  if (reveal.points !== null) head.append(html("b", "points", `${reveal.points.toFixed(1)} of 10`));
  truth.append("Truth ", html("b", SIGN_LOOKS[/** @type {1 | 0 | -1} */ (reveal.sign)], reveal.truth));
  if (reveal.interval) truth.append(html("small", "", ` (95\u00a0%: ${reveal.interval})`));
  if (reveal.you) truth.append(" \u00b7 you ", html("b", "you", reveal.you));
  const parts = [head, truth];
  if (reveal.answer.length) parts.push(prose([reveal.answer]));
  parts.push(prose(reveal.said, drag));
  if (reveal.why.length) parts.push(html("h3", "", reveal.why_title), prose(reveal.why, drag), scaleOf(page, reveal), prose(reveal.doubt, drag));
  const next = page.stage === "truth" ? "Next: why " : "Next: try it ";
  const buttons = html("div", "buttons low");
  buttons.append(button(next, "primary", book.next, "N"), allUnits(book));
  parts.push(buttons);
  return parts;
}

/** @param {string[]} marks */
function ticksOf(marks) {
  const made = html("div", "scale-ticks");
  made.append(...marks.map((mark) => html("span", "", mark)));
  return made;
}

// The step that is looked for: the truth and the learner on their scale, every method from end to end of its own.
/** @param {LessonUnit} page @param {LessonReveal} reveal */
function scaleOf(page, reveal) {
  const box = html("div", "one-scale"), k = reveal.right - 1, { low } = page.scale;
  box.append(html("h3", "", `Step ${reveal.right}, side by side`), ticksOf(low < 0 ? ["\u22121", "0", "+1"] : ["0", "0.5", "1"]));
  for (const [at, line] of reveal.lines.entries()) {
    if (line.kind === "change") box.append(ticksOf(["\u22121", "0", "+1"]));
    if (line.kind === "method" && reveal.lines[at - 1].kind !== "method") box.append(ticksOf(["blame", "0", "praise"]));
    const value = line.values[k], row = html("div", `scale-row ${line.kind}`), track = html("div", "track");
    row.append(html("span", "", line.name), track, html("b", "", line.shown[k]));
    box.append(row);
    if (value === null) {
      track.append(html("em", "", line.kind === "you" ? "another step" : "says nothing"));
      continue;
    }
    if (line.kind === "method" && line.low >= 0) {
      track.append(html("em", "", "has no sign"));
      continue;
    }
    const share = Math.max(0, Math.min(1, (value - line.low) / (line.limit - line.low || 1))), zero = line.low < 0 ? 0.5 : 0;
    const bar = html("i", "bar"), dot = html("i", `dot ${line.low >= 0 ? "" : value < 0 ? "below" : value > 0 ? "above" : ""}`);
    bar.style.cssText = `left:${Math.min(share, zero) * 100}%;width:${Math.abs(share - zero) * 100}%`;
    dot.style.left = `${share * 100}%`;
    track.append(bar, dot);
  }
  return box;
}

// A link that leaves the unit where it is.
/** @param {string} address @param {string} words @param {string} [kind] */
function elsewhere(address, words, kind = "") {
  const made = html("a", kind, words);
  made.href = address;
  made.target = "_blank";
  made.rel = "noopener noreferrer";
  return made;
}

/** @param {LessonBook} book @param {LessonTry} attempt */
function tryParts(book, attempt) {
  const { page } = book, form = html("form", "try"), input = html("input"), said = html("p", `answer ${attempt.verdict}`);
  Object.assign(input, { type: "text", inputMode: "decimal", autocomplete: "off", maxLength: 20, value: attempt.given });
  input.setAttribute("aria-label", "Your number");
  const check = button("Check", "primary", () => {});
  check.type = "submit";
  form.append(input, check);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (input.value.trim()) book.answer(input.value.trim());
  });
  said.setAttribute("role", "status");
  if (attempt.verdict === "right") said.textContent = "\u2713 Right.";
  if (attempt.verdict === "none") said.textContent = "Write a number, such as 0.5 or \u22120.5.";
  if (attempt.verdict === "wrong") said.append(html("span", "", `\u2715 Not ${attempt.given}. `), ...prose([attempt.say]).childNodes);
  const take = html("div", "take"), buttons = html("div", "buttons");
  take.append(html("h3", "", "To take away"), prose([attempt.take]));
  const on = page.follows.name ? `Next: ${page.follows.title} ` : "Back to the course ";
  buttons.append(button(on, attempt.verdict === "right" ? "primary" : "", book.next, "N"), allUnits(book));
  buttons.append(elsewhere(attempt.explore, "Explore", "button"));
  const sources = html("section", "sources");
  sources.append(html("h3", "", "Sources"), ...attempt.sources.map(({ text, link }) => {
    const line = html("p");
    line.append(link ? elsewhere(link, text) : text);
    return line;
  }));
  return [html("h2", "", "Check yourself"), prose([attempt.ask]), form, said, take, buttons, sources];
}
