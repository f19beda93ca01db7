// The course as one path: chapters of cards. A drawing is grey until its unit is done, as this browser remembers.

import { html, svg } from "../../browse/dom.js";
import { css, diverging, readTheme } from "../../canvas/js/palette.js";
import { button } from "./panel.js";
import { progress, startOver } from "./progress.js";

const WIDE = 150, HIGH = 66;

/** @param {LessonCourse} page */
export function cardsOf(page) {
  return page.chapters.flatMap(({ cards }) => cards);
}

// The unit to continue with: the chosen one, or the first that is not done.
/** @param {LessonDesk} desk */
export function currentOf({ page, at }) {
  const cards = cardsOf(page), done = progress();
  return cards[at] ?? cards.find(({ name }) => !done[name]) ?? cards[0];
}

/** @param {LessonDesk} desk */
export function drawCourse(desk) {
  const { page, root } = desk, main = html("main", "work"), head = html("header", "unit-head");
  head.append(html("h1", "", page.title), html("p", "note", page.note));
  main.append(head);
  const now = currentOf(desk), theme = readTheme(root);
  page.chapters.forEach((chapter) => main.append(chapterOf(desk, chapter, now, theme)));
  const free = button("", "card free", () => desk.turn("free"));
  free.append(html("b", "", "Break it"), html("span", "question", "A free unit: build the smallest tree on which two methods part. The program checks."));
  main.append(free);
  const foot = html("footer", "foot");
  foot.append(html("span", "", "A drawing takes its colours when its unit is done."), html("span", "keys", "1 \u2013 9 open \u2002 \u2190 \u2192 unit \u2002 Enter go on \u2002 P present"));
  main.append(foot);
  root.replaceChildren(main, ...(page.present ? [] : [sideOf(desk, now)]));
  root.classList.toggle("presenting", page.present);
  root.classList.remove("unit");
}

/** @param {LessonDesk} desk @param {LessonChapter} chapter @param {LessonCard} now @param {Theme} theme */
function chapterOf(desk, chapter, now, theme) {
  const box = html("section", "chapter"), title = html("h2"), row = html("div", "cards"), done = progress();
  title.append(chapter.title, html("small", "", chapter.note));
  for (const card of chapter.cards) {
    const held = done[card.name];
    const one = button("", `card${held ? " done" : ""}${card === now ? " now" : ""}`, () => desk.open(card.name));
    one.setAttribute("aria-label", `Unit ${card.number}, ${card.title}: ${card.question}${held ? " Done." : ""}`);
    const name = html("span", "name");
    name.append(html("b", "", String(card.number)), card.title);
    one.append(html("i", "stop", held ? "\u2713" : ""), html("small", "minutes", `${card.minutes} min`), thumbOf(card, held, theme), name, html("span", "question", card.question));
    row.append(one);
  }
  box.append(title, row);
  return box;
}

/** @param {LessonCard} card @param {LessonDone | undefined} held @param {Theme} theme */
function thumbOf({ dots }, held, theme) {
  const ink = svg("svg", { width: WIDE, height: HIGH, viewBox: `-8 -6 ${WIDE + 16} ${HIGH + 12}`, "aria-hidden": "true" });
  const lines = dots.filter(({ right }) => right !== null).length, r = lines > 12 ? 2.2 : lines > 8 ? 3 : 4.2;
  const x = dots.map((dot) => dot.x * WIDE), y = dots.map((dot) => dot.y * HIGH);
  dots.forEach(({ parent }, at) => {
    if (parent >= 0) ink.append(svg("path", { d: `M${x[parent]} ${y[parent]}C${x[parent] + 10} ${y[parent]} ${x[parent] + 4} ${y[at]} ${x[parent] + 14} ${y[at]}H${x[at]}`, class: "twig" }));
  });
  dots.forEach(({ right, parent }, at) => {
    const value = held?.colours?.[at];
    const body = parent < 0 || right === false
      ? svg("rect", { x: x[at] - r, y: y[at] - r, width: 2 * r, height: 2 * r, rx: 1.5, class: parent < 0 ? "root" : "dot" })
      : svg("circle", { cx: x[at], cy: y[at], r, class: "dot" });
    if (typeof value === "number" && parent >= 0) body.style.fill = css(diverging(theme, value, 1));
    ink.append(body);
  });
  return ink;
}

/** @param {LessonDesk} desk @param {LessonCard} now */
function sideOf(desk, now) {
  const { page } = desk, box = html("aside", "panel"), cards = cardsOf(page), done = progress();
  box.setAttribute("aria-label", "Your way through the course");
  const finished = cards.filter(({ name }) => done[name]), spent = finished.reduce((sum, { minutes }) => sum + minutes, 0);
  const total = cards.reduce((sum, { minutes }) => sum + minutes, 0);
  const head = html("div", "verdict"), bar = html("div", "bars");
  head.append(html("h2", "", "Your way"), html("small", "", `${finished.length} of ${cards.length} \u00b7 ${spent} of ${total} minutes`));
  bar.append(...cards.map(({ name }) => html("i", done[name] ? "past" : "")));
  const go = html("div", "buttons");
  go.append(button(finished.length ? `Continue with unit ${now.number} ` : `Begin with unit ${now.number} `, "primary", () => desk.open(now.name), "\u21b5"), ...(finished.length ? [overOf(desk)] : []));
  box.append(head, bar, html("p", "habit", habitOf(cards, done)), go, betsOf(cards, done), teachersOf(desk, now), wordsOf(page));
  return box;
}

// What the bets so far have in common: a habit and not a mark.
/** @param {LessonCard[]} cards @param {Record<string, LessonDone>} done */
function habitOf(cards, done) {
  const bets = cards.map(({ name }) => done[name]).filter((one) => one && one.points !== null);
  if (!bets.length) return "No bets yet. Each unit asks for one before it shows anything.";
  const points = bets.reduce((sum, one) => sum + (one.points ?? 0), 0);
  const gap = bets.reduce((sum, one) => sum + Math.abs(one.bet) - Math.abs(one.truth), 0) / bets.length;
  const size = Math.abs(gap) < 0.1 ? "about as much as they deserve" : gap < 0 ? "too little" : "too much";
  return `${points.toFixed(0)} of ${10 * bets.length} points for bets: you found the step in ${bets.filter((one) => one.found).length} of ${bets.length}, and bet ${size}.`;
}

/** @param {LessonDesk} desk */
function overOf(desk) {
  const made = html("span", "over"), ask = button("Start over", "", () => {
    const yes = button("Forget my bets", "danger", () => { startOver(); desk.redraw(); }), no = button("Keep them", "", () => desk.redraw());
    made.replaceChildren(yes, no);
    no.focus();
  });
  made.append(ask);
  return made;
}

/** @param {LessonCard[]} cards @param {Record<string, LessonDone>} done */
function betsOf(cards, done) {
  const box = html("section", "bets"), title = html("h3");
  title.append(html("span", "", "Bets so far"), html("small", "", "\u25cf you \u2002 \u25c6 truth"));
  box.append(title);
  const made = cards.filter(({ name }) => done[name]);
  if (!made.length) box.append(html("p", "note", "Your bets will stand here beside the truth."));
  for (const { name, title: words } of made) {
    const one = done[name], row = html("div", "scale-row"), track = html("div", "track"), place = (/** @type {number} */ value) => `${(Math.max(-1, Math.min(1, value)) + 1) * 50}%`;
    const truth = html("i", "dot truth");
    truth.style.left = place(one.truth);
    track.append(truth);
    if (one.points !== null) {
      const you = html("i", "dot you");
      you.style.left = place(one.bet);
      track.append(you);
    }
    track.setAttribute("role", "img");
    track.setAttribute("aria-label", `truth ${one.truth.toFixed(2)}${one.points === null ? ", skipped" : `, you ${one.bet.toFixed(2)}`}`);
    row.append(html("span", "", words), track);
    box.append(row);
  }
  return box;
}

/** @param {LessonDesk} desk @param {LessonCard} now */
function teachersOf(desk, now) {
  const box = html("section", "teachers"), link = html("code", "", `?view=lessons&unit=${now.name}`), buttons = html("div", "buttons");
  const copy = button("Copy", "small", () => {
    const address = new URL(`?view=lessons&unit=${now.name}`, location.href).href;
    const say = (/** @type {string} */ text) => { copy.textContent = text; };
    navigator.clipboard?.writeText(address).then(() => say("Copied"), () => say("Select it"));
  });
  const line = html("div", "link");
  line.append(link, copy);
  buttons.append(button("Present ", "", () => desk.present(), "P"), button("Worksheet", "", () => desk.turn("worksheet")), button("Answers", "", () => desk.turn("answers")), button("All words", "", () => desk.turn("words")));
  box.append(html("h3", "", "For teachers"), line, html("p", "note", "The link opens this unit for everyone: same tree, same question, nothing revealed. Bets stay in the student\u2019s browser."), buttons);
  return box;
}

/** @param {LessonCourse} page */
function wordsOf(page) {
  const box = html("section", "glossary");
  box.append(html("h3", "", "Words"));
  for (const word of page.shown) {
    const row = html("p");
    row.append(html("b", "", word), html("span", "", page.words[word] ?? ""));
    box.append(row);
  }
  return box;
}
