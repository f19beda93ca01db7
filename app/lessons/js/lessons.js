// Lessons: the course or one unit, and the keys of both. Marks and bets stay here until they are committed; only then
// is Python asked, and only then does it send what a bet is about.

import { readTheme } from "../../canvas/js/palette.js";
import { onceGone, ownsKeys, sendUntilHeard } from "../../signals/focus.js";
import { cardsOf, currentOf, drawCourse } from "./course.js";
import { keepDone } from "./progress.js";
import { drawUnit, fill } from "./unit.js";

const HELD = new WeakMap();
const TRUE_MINUS = "\u2212", BY = 2, FAR_BY = 10;
let number = 0;

/** @param {LessonChannel} channel @param {Record<string, string>} said */
function ask(channel, said) {
  number = Math.max(number + 1, Date.now());
  sendUntilHeard(channel, "asked", { number, said, open: false });
}

/** @param {LessonUnit} page @param {number} hundredths */
function writtenBet(page, hundredths) {
  const size = (Math.abs(hundredths) / 100).toFixed(2);
  return page.scale.low < 0 ? `${hundredths < 0 ? TRUE_MINUS : hundredths > 0 ? "+" : ""}${size}` : size;
}

/** @param {LessonChannel} channel @param {LessonUnit} page @returns {LessonBook} */
function bookOf(channel, page) {
  const said = { mark: page.mark, bet: Math.round(page.bet * 100) };
  const drag = page.reveal ? { values: page.reveal.drag, at: page.reveal.at, shows: [] } : undefined;
  /** @type {LessonBook} */
  const book = {
    page, said, drag, root: channel.root,
    written: (hundredths) => writtenBet(page, hundredths),
    mark: (digit) => { said.mark = digit; redrawBet(book); },
    moved: () => nowOf(book),
    commit: () => { if (said.mark) see(channel, page, said.mark, said.bet); },
    skip: () => see(channel, page, 0, 0),
    next: () => onward(channel, page),
    course: () => ask(channel, { unit: "", stage: "", mark: "", bet: "" }),
    answer: (text) => ask(channel, { answer: text }),
  };
  return book;
}

/** @param {LessonChannel} channel @param {LessonUnit} page @param {number} mark @param {number} bet */
function see(channel, page, mark, bet) {
  channel.betOn = page.name;
  ask(channel, { stage: "truth", mark: String(mark), bet: String(bet) });
}

/** @param {LessonChannel} channel @param {LessonUnit} page */
function onward(channel, page) {
  const after = { truth: "why", why: "try" }[page.stage];
  if (after) ask(channel, { stage: after });
  else if (page.stage === "try") ask(channel, { unit: page.follows.name, stage: "", mark: "", bet: "" });
}

/** @param {LessonBook} book */
function redrawBet(book) {
  const inside = book.root.querySelector(".panel :focus") !== null;
  drawUnit(book);
  nowOf(book);
  if (inside) /** @type {HTMLElement | null} */ (book.root.querySelector(".choice.mine"))?.focus();
}

// In large type there is no panel: the foot says what is marked and bet.
/** @param {LessonBook} book */
function nowOf({ page, said, root, written }) {
  const now = root.querySelector(".bet-now");
  if (now) now.textContent = page.present && !page.reveal ? `${said.mark ? `step ${said.mark}` : "no step marked"} \u00b7 bet ${written(said.bet)}` : "";
}

/** @param {LessonBook} book @param {number} by */
function move(book, by) {
  const { said, page, root } = book;
  said.bet = Math.max(page.scale.low * 100, Math.min(100, said.bet + by));
  const input = /** @type {HTMLInputElement | null} */ (root.querySelector(".range"));
  if (input) {
    input.value = String(said.bet);
    input.dispatchEvent(new Event("input"));
  }
  nowOf(book);
}

/** @param {LessonChannel} channel @param {LessonBook} book @param {KeyboardEvent} event */
function unitKey(channel, book, event) {
  const { page } = book, digit = Number(event.key);
  if (event.key === "p" || event.key === "P") ask(channel, { present: page.present ? "0" : "1" });
  else if (event.key === "Escape") page.present ? ask(channel, { present: "0" }) : book.course();
  else if (page.reveal) {
    if (event.key !== "n" && event.key !== "N") return false;
    book.next();
  } else if (digit >= 1 && digit <= page.scale.choices.length) book.mark(digit);
  else if (event.key === "ArrowLeft" || event.key === "ArrowRight") move(book, (event.key === "ArrowLeft" ? -1 : 1) * (event.shiftKey ? FAR_BY : BY));
  else if (event.key === "Enter" && !event.composedPath().some((one) => one instanceof HTMLElement && one.matches("button:not(.choice)"))) book.commit();
  else return false;
  return true;
}

/** @param {LessonDesk} desk @param {KeyboardEvent} event */
function courseKey(desk, event) {
  const cards = cardsOf(desk.page), digit = Number(event.key);
  const at = cards.indexOf(currentOf(desk));
  if (event.key === "p" || event.key === "P") desk.present();
  else if (event.key === "Escape" && desk.page.present) desk.present();
  else if (digit >= 1 && cards[digit - 1]) desk.open(cards[digit - 1].name);
  else if (event.key === "ArrowLeft" || event.key === "ArrowRight") {
    desk.at = Math.max(0, Math.min(cards.length - 1, at + (event.key === "ArrowLeft" ? -1 : 1)));
    desk.redraw();
  } else if (event.key === "Enter" && !event.composedPath().some((one) => one instanceof HTMLElement && one.matches("button"))) desk.open(cards[at].name);
  else return false;
  return true;
}

/** @param {LessonChannel} channel @param {KeyboardEvent} event */
function onLessonKey(channel, event) {
  if (event.ctrlKey || event.metaKey || event.altKey || ownsKeys(event)) return;
  const at = event.composedPath()[0];
  if (at instanceof Element && at.matches("input[type=range]") && event.key.startsWith("Arrow")) return;
  const taken = channel.book ? unitKey(channel, channel.book, event) : channel.desk ? courseKey(channel.desk, event) : false;
  if (taken) event.preventDefault();
}

/** @param {LessonChannel} channel @param {LessonCourse} page @returns {LessonDesk} */
function deskOf(channel, page) {
  /** @type {LessonDesk} */
  const desk = {
    page, root: channel.root, at: -1,
    open: (name) => ask(channel, { unit: name, stage: "", mark: "", bet: "" }),
    turn: (name) => ask(channel, { page: name }),
    present: () => ask(channel, { present: page.present ? "0" : "1" }),
    redraw: () => drawCourse(desk),
  };
  return desk;
}

// Beside a bet stands the truth of the step that it was on. What a link brings is the bet of who made it.
/** @param {LessonChannel} channel @param {LessonUnit} page */
function remember(channel, { name, reveal, mark, bet }) {
  if (!reveal || channel.betOn !== name) return;
  const truth = reveal.lines[0].values[(mark || reveal.right) - 1] ?? 0;
  keepDone(name, { points: reveal.points, found: mark === reveal.right, bet, truth, colours: reveal.colours });
}

/** @param {LessonChannel} channel @param {LessonUnit | LessonCourse} page */
function draw(channel, page) {
  channel.book = channel.desk = undefined;
  if (page.kind === "unit") {
    channel.book = bookOf(channel, page);
    remember(channel, page);
    drawUnit(channel.book);
    nowOf(channel.book);
  } else drawCourse((channel.desk = deskOf(channel, page)));
}

/** @param {HTMLElement} parentElement @returns {LessonChannel} */
function mountLessons(parentElement) {
  const root = document.createElement("div"), abort = new AbortController(), { signal } = abort;
  root.className = "lessons";
  parentElement.append(root);
  /** @type {LessonChannel} */
  const channel = { root, abort, send: () => {}, heard: 0, stamp: "", betOn: "", dark: readTheme(root).dark };
  window.addEventListener("keydown", (event) => onLessonKey(channel, event), { signal });
  const resize = new ResizeObserver(() => channel.book && fill(channel.book));
  resize.observe(root);
  window.addEventListener("resize", () => channel.book && fill(channel.book), { signal });
  signal.addEventListener("abort", () => resize.disconnect());
  return channel;
}

/** @param {Component<LessonData>} component */
export default function lessons({ data, parentElement, setTriggerValue }) {
  let channel = HELD.get(parentElement);
  if (!channel) HELD.set(parentElement, (channel = mountLessons(parentElement)));
  channel.send = setTriggerValue;
  channel.heard = data.heard;
  const { dark } = readTheme(channel.root);
  if (channel.stamp !== data.stamp || channel.dark !== dark) {
    channel.stamp = data.stamp;
    channel.dark = dark;
    draw(channel, data.page);
  }
  return onceGone(parentElement, () => channel.abort.abort());
}
