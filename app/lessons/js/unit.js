// A unit: the question and its tree on the left, the panel on the right; drawn again when its width changes.

import { html } from "../../browse/dom.js";
import { readTheme } from "../../canvas/js/palette.js";
import { panelOf } from "./panel.js";
import { pictureOf, shorten } from "./picture.js";
import { placesOf } from "./places.js";
import { prose } from "./prose.js";
import { tableHeight, tableOf } from "./table.js";

const FOOT_ROOM = 62, MIN_ROOM = 220;

/** @param {LessonBook} book */
export function drawUnit(book) {
  const { page, root } = book;
  const main = html("main", "work"), head = html("header", "unit-head"), title = html("h1");
  title.append(html("span", "", `Unit ${page.number}`), page.title);
  head.append(title, html("p", "note", page.note));
  const asked = html("div", "asked");
  asked.append(html("h2", "", page.prompt));
  if (page.expected) asked.append(html("span", "note", `expected: ${page.expected}`));
  main.append(head, asked);
  if (page.present) main.append(shownLarge(book));
  const hint = html("div", "hint");
  hint.append(html("span", "", page.reveal ? "fill: how far each step changed the chance" : "colours and numbers are hidden until you have bet"), html("span", "outcome-head", "outcome"));
  const work = html("div", "drawing");
  work.tabIndex = 0;
  work.setAttribute("role", "group");
  work.setAttribute("aria-label", inWords(page));
  main.append(hint, work, html("div", "says-room"), footOf(book));
  root.replaceChildren(main, ...(page.present ? [] : [panelOf(book)]));
  root.classList.toggle("presenting", page.present);
  root.classList.add("unit");
  fill(book);
}

// The picture in the room there is; what is marked now.
/** @param {LessonBook} book */
export function fill(book) {
  const { page, root } = book, work = /** @type {HTMLElement | null} */ (root.querySelector(".drawing"));
  if (!work) return;
  const theme = readTheme(root), room = work.clientWidth, top = work.getBoundingClientRect().top + window.scrollY;
  const places = placesOf(page, room, Math.max(MIN_ROOM, window.innerHeight - top - FOOT_ROOM - tableHeight(page)));
  work.replaceChildren(pictureOf(page, places, book.said, theme));
  root.querySelector(".says-room")?.replaceChildren(...(page.reveal ? [tableOf(page, places, room, theme)] : []));
  root.classList.toggle("slim", places.slim);
  /** @type {HTMLElement} */ (root.querySelector(".outcome-head")).style.width = `${places.outcomes}px`;
  shorten(work);
}

/** @param {LessonBook} book */
function shownLarge(book) {
  const { page } = book, { reveal } = page;
  const made = reveal ? prose(reveal.said, book.drag, "large") : prose([page.ask], undefined, "large");
  if (reveal) made.prepend(html("b", "", `${reveal.title}: ${reveal.truth}. `));
  return made;
}

// The same picture in words, for those who hear it: before the bet it says no more than the picture.
/** @param {LessonUnit} page */
function inWords(page) {
  const ends = page.trees.map(({ title, ends: said }) => `${title}: ${said}`).join("; ");
  const marks = page.scale.choices.map(({ digit, words }) => `${digit} ${words.map(({ text }) => text).join("")}`).join("; ");
  return `${ends}. Steps to mark: ${marks}.`;
}

/** @param {LessonBook} book */
function footOf(book) {
  const { page } = book, box = html("footer", "foot");
  for (const [kind, words] of [["round", "right"], ["square", "wrong"], ["arrow", "what the tool answered"]]) {
    const one = html("span", "key");
    one.append(html("i", kind, kind === "arrow" ? "\u2192" : ""), words);
    box.append(one);
  }
  if (page.reveal) {
    const ramp = html("span", "key ramp"), none = html("span", "key");
    ramp.append("blame", html("i"), "praise, each method by its own largest credit");
    none.append(html("i", "none"), "not assigned");
    box.append(ramp, none);
  }
  const last = page.scale.choices.length, bet = html("span", "bet-now");
  const keys = page.reveal ? "N next \u2002 P present" : `1 \u2013 ${last} mark a step \u2002 \u2190 \u2192 move the bet \u2002 Enter commit`;
  box.append(bet, html("span", "keys", keys));
  return box;
}
