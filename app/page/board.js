// Trees on the left, the selected step on the right, the film beneath: what a page of its own and a notebook show.

import { made } from "./elements.js";
import { buildFilm, stop } from "./player.js";

const HEIGHT = 560;
const NOTHING = "Click a step: its words, its siblings and the numbers behind its credit appear here. "
  + "With the keyboard: Tab to the trees, then the arrow keys; F jumps to the next fork.";

/** @param {HTMLElement} host @param {Parts} parts @param {Source} source @param {{ height?: number }} [options] */
export function openBoard(host, parts, source, { height = HEIGHT } = {}) {
  const root = host.attachShadow({ mode: "open" });
  root.append(made("style", "", parts.styles.page));
  const at = { chooser: made("div", "chooser"), tree: made("div", "tree"), side: made("aside", "side"), words: made("div", "words-of"), film: made("section", "film") };
  const left = made("div", "left-side");
  left.append(at.tree, at.film);
  at.side.append(at.words);
  const body = made("div", "body");
  body.append(left, at.side);
  root.append(at.chooser, body);
  at.tree.attachShadow({ mode: "open" });
  at.film.setAttribute("aria-label", "the film");
  const bus = /** @type {Bus} */ (new EventTarget());
  /** @type {Board} */
  const board = { parts, source, host, bus, number: 0, look: null, shots: [], shot: 0, timer: 0, at };
  bus.addEventListener("treecore-choose", (event) => select(board, /** @type {CustomEvent<string | null>} */ (event).detail));
  const again = () => draw(board, height);
  const abort = new AbortController();
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", again, { signal: abort.signal });
  choosing(board, height);
  return {
    again,
    select: (/** @type {string | null} */ id) => select(board, id),
    refresh: () => describe(board),
    close: () => {
      abort.abort();
      stop(board);
      parts.canvas.leave(treeHost(board));
    },
  };
}

/** @param {Board} board @returns {HTMLElement} */
function treeHost(board) {
  return /** @type {HTMLElement} */ (/** @type {unknown} */ (board.at.tree.shadowRoot));
}

/** @param {Board} board @param {number} height */
function choosing(board, height) {
  const { index } = board.source;
  if (index.forests.length > 1) {
    const label = made("label", "", "Forest ");
    const choice = made("select", "");
    index.forests.forEach((forest, number) => choice.append(new Option(forest.title, String(number))));
    choice.addEventListener("change", () => open(board, Number(choice.value), height));
    label.append(choice);
    board.at.chooser.append(label);
  }
  board.at.chooser.append(made("span", "method", index.method));
  if (index.note) board.at.chooser.append(made("span", "faint", index.note));
  open(board, 0, height);
}

/** @param {Board} board @param {number} number @param {number} height */
function open(board, number, height) {
  board.number = number;
  board.shots = board.source.film(number);
  board.shot = board.shots.length - 1;
  board.look = null;
  board.bus.selected = null;
  draw(board, height);
  buildFilm(board, () => {
    board.look = board.shot === board.shots.length - 1 ? null : board.shots[board.shot].look;
    draw(board, height);
  });
  describe(board);
}

/** @param {Board} board @param {number} height */
function draw(board, height) {
  const { number, look, source, parts } = board;
  const base = source.look(number);
  /** @type {Record<string, () => string>} */
  const texts = {
    style: () => parts.styles.canvas,
    [`forest ${number}`]: () => source.forest(number),
    [`look ${number} ${look ? board.shot : ""}`]: () => (look ? JSON.stringify({ ...JSON.parse(base), ...look }) : base),
  };
  const [style, forest, shown] = Object.keys(texts);
  const head = { style, forest, look: shown, key: "page", height, linked: true, listable: false };
  parts.canvas.run({ head, text: (stamp) => texts[stamp](), host: treeHost(board), bus: board.bus });
}

/** @param {Board} board @param {string | null} id */
function select(board, id) {
  board.bus.selected = id;
  board.bus.dispatchEvent(new CustomEvent("treecore-selected", { detail: id }));
  describe(board);
  board.source.chosen(board.number, id);
}

/** @param {Board} board */
function describe(board) {
  const { at, bus, source, parts } = board;
  const found = bus.selected == null ? undefined : source.inspect(board.number, bus.selected);
  if (!found && bus.selected != null) return;
  if (!found) {
    at.words.replaceChildren(made("p", "faint", NOTHING), made("p", "said", source.index.forests[board.number].note));
    return;
  }
  if (!at.words.querySelector(".panel")) at.words.replaceChildren();
  parts.panel({
    data: { ...found.words, names: source.index.names, numbers: found },
    parentElement: at.words,
    setTriggerValue: (_, id) => select(board, String(id)),
  });
}
