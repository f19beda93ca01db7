// The film: how the outcome becomes credit, a picture at a time.

import { button, made } from "./elements.js";
import { equation } from "./numbers.js";

const FRAME_MS = 1600;

// `show` is called with the number of the picture to draw.
/** @param {Board} board @param {() => void} show */
export function buildFilm(board, show) {
  const { film } = board.at;
  stop(board);
  film.hidden = !board.shots.length;
  if (!board.shots.length) return;
  const go = (/** @type {number} */ to) => {
    board.shot = Math.max(0, Math.min(board.shots.length - 1, to));
    show();
    caption(board);
  };
  const step = (/** @type {number} */ by) => {
    stop(board);
    go(board.shot + by);
  };
  const play = button("Play", "Play or pause the film", () => {
    if (board.timer) stop(board);
    else {
      if (board.shot === board.shots.length - 1) go(0);
      board.timer = setInterval(() => (board.shot < board.shots.length - 1 ? go(board.shot + 1) : stop(board)), FRAME_MS);
    }
    caption(board);
  });
  play.classList.add("play");
  const slider = made("input", "slider");
  slider.type = "range";
  slider.min = "0";
  slider.max = String(board.shots.length - 1);
  slider.setAttribute("aria-label", "Picture of the film");
  slider.addEventListener("input", () => step(Number(slider.value) - board.shot));
  const story = made("div", "story");
  story.setAttribute("aria-live", "polite");
  const row = made("div", "player");
  row.append(button("‹", "Previous picture", () => step(-1)), play, button("›", "Next picture", () => step(1)), slider, made("span", "count"));
  film.replaceChildren(row, story);
  caption(board);
}

/** @param {Board} board */
export function stop(board) {
  clearInterval(board.timer);
  board.timer = 0;
  const play = board.at.film.querySelector(".play");
  if (play) play.textContent = "Play";
}

/** @param {Board} board */
function caption(board) {
  const { film } = board.at;
  const shot = board.shots[board.shot];
  const set = (/** @type {string} */ at, /** @type {string} */ text) => {
    const found = film.querySelector(at);
    if (found) found.textContent = text;
  };
  set(".play", board.timer ? "Pause" : "Play");
  set(".count", `${board.shot + 1} of ${board.shots.length}`);
  /** @type {HTMLInputElement | null} */
  const slider = film.querySelector(".slider");
  if (slider) {
    slider.value = String(board.shot);
    slider.setAttribute("aria-valuetext", `${board.shot + 1} of ${board.shots.length}: ${shot.stage}`);
  }
  const story = [made("b", "", shot.stage), made("div", "said", shot.sentence)];
  if (shot.equation.length) story.push(made("div", "faint", `For ${shot.name}:`), equation(shot.equation));
  for (const [name, value] of shot.numbers) story.push(made("div", "faint", `${name}: ${value}`));
  film.querySelector(".story")?.replaceChildren(...story);
}
