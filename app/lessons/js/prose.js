// Sentences: text, words of the glossary (`app/glossary` says what they mean), numbers that can be dragged.

import { html } from "../../browse/dom.js";

const STEP_PX = 12;

/** @param {LessonPiece[]} pieces @param {LessonDrag} [drag] */
function written(pieces, drag) {
  return pieces.map((piece) => {
    if (piece.drag && drag) return dragged(piece.text, drag);
    if (!piece.term) return html("span", "", piece.text);
    const term = html("button", "term", piece.text);
    term.type = "button";
    term.dataset.term = piece.term;
    term.title = "What it means";
    return term;
  });
}

// A paragraph of one form, or of one for every value of the number that can be dragged.
/** @param {LessonPiece[][]} forms @param {LessonDrag} [drag] @param {string} [kind] */
export function prose(forms, drag, kind = "") {
  const made = html("p", kind);
  const show = () => {
    const focused = made.querySelector(".drag")?.matches(":focus");
    made.replaceChildren(...written(forms[Math.min(drag?.at ?? 0, forms.length - 1)] ?? [], drag));
    const panel = /** @type {HTMLElement | null} */ (made.closest(".panel"));
    if (panel) once(panel);
    if (focused) /** @type {HTMLElement | null} */ (made.querySelector(".drag"))?.focus();
  };
  show();
  if (forms.length > 1) drag?.shows.push(show);
  return made;
}

/** @param {LessonDrag} drag @param {number} at */
function turn(drag, at) {
  const to = Math.max(0, Math.min(drag.values.length - 1, at));
  if (to === drag.at) return;
  drag.at = to;
  for (const show of drag.shows) show();
}

/** @param {string} text @param {LessonDrag} drag */
function dragged(text, drag) {
  const made = html("span", "drag", text);
  made.tabIndex = 0;
  made.setAttribute("role", "slider");
  made.setAttribute("aria-label", "a number to drag");
  made.setAttribute("aria-valuenow", String(drag.values[drag.at]));
  made.setAttribute("aria-valuemin", String(drag.values[0]));
  made.setAttribute("aria-valuemax", String(drag.values.at(-1)));
  made.title = "Drag, or use the arrow keys";
  made.addEventListener("keydown", (event) => {
    const by = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1 }[event.key];
    if (by === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    turn(drag, drag.at + by);
  });
  made.addEventListener("pointerdown", (event) => {
    const from = event.clientX, begin = drag.at, gone = new AbortController();
    event.preventDefault();
    made.focus();
    window.addEventListener("pointermove", (move) => turn(drag, begin + Math.round((move.clientX - from) / STEP_PX)), { signal: gone.signal });
    window.addEventListener("pointerup", () => gone.abort(), { signal: gone.signal });
  });
  return made;
}

// A word is linked where it stands first.
/** @param {HTMLElement} root */
export function once(root) {
  const seen = new Set();
  for (const term of /** @type {NodeListOf<HTMLElement>} */ (root.querySelectorAll(".term"))) {
    if (seen.has(term.dataset.term)) term.replaceWith(term.textContent ?? "");
    seen.add(term.dataset.term);
  }
}
