// Keys of a film. They are taken before the element that has the focus sees them; Space not from a button that was
// reached with Tab. One that got the focus back from a menu that Escape closed was not.

import { onceGone, ownsKeys, sendUntilHeard } from "./focus.js";

const HELD = new WeakMap();
let number = 0;

/** @param {Film} film @param {string} key */
function goal(film, key) {
  const { frame, end } = film;
  if (key === "ArrowLeft") return Math.max(0, frame - 1);
  if (key === "ArrowRight") return Math.min(end, frame + 1);
  if (key === "Home") return 0;
  return key === "End" ? end : undefined;
}

/** @param {Film} film @param {KeyboardEvent} event */
function onKey(film, event) {
  if (event.key === "Tab" || event.key === "Escape") film.tabbed = event.key === "Tab";
  if (event.ctrlKey || event.metaKey || event.altKey || event.shiftKey || ownsKeys(event)) return;
  const plays = event.key === " " && !(film.tabbed && event.composedPath()[0].matches("button:focus-visible"));
  const frame = goal(film, event.key);
  if (!plays && frame === undefined) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  if (!plays && frame === film.frame) return;
  number = Math.max(number + 1, Date.now());
  if (plays) sendUntilHeard(film, "pressed", { number });
  else if (frame !== undefined) {
    film.frame = film.asked = frame;
    sendUntilHeard(film, "pressed", { number, frame });
  }
}

/** @param {Component<FilmData>} component */
export default function filmKeys({ data, parentElement, setTriggerValue }) {
  let film = HELD.get(parentElement);
  if (!film) {
    film = { frame: data.frame, abort: new AbortController() };
    HELD.set(parentElement, film);
    document.documentElement.dataset.filmKeys = "on";
    const options = { capture: true, signal: film.abort.signal };
    window.addEventListener("keydown", (event) => onKey(film, event), options);
    window.addEventListener("pointerdown", () => delete film.asked, options);
  }
  film.send = setTriggerValue;
  film.end = data.last;
  // A run that began before the slider knew of a press puts the old frame back: the press is sent again.
  const putBack = film.asked !== undefined && data.frame !== film.asked;
  film.heard = putBack ? Math.min(data.heard, number - 1) : data.heard;
  if (film.heard >= number) {
    film.frame = data.frame;
    delete film.asked;
  }
  return onceGone(parentElement, () => film.abort.abort());
}
