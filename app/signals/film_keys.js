// Keys of a film. They are taken before the element that has the focus sees them, but never from where one writes or
// chooses from a list, and Space never from a button that was reached with Tab.

const HELD = new WeakMap();
const WRITING = "input:not([type=range]):not([type=radio]):not([type=checkbox]), textarea, select, [contenteditable=true]";
const CHOOSING = "[role=listbox], [role=menu], [role=dialog], [data-testid=stPopoverBody]";
let number = 0;

function goal(film, key) {
  const { frame, last } = film;
  if (key === "ArrowLeft") return Math.max(0, frame - 1);
  if (key === "ArrowRight") return Math.min(last, frame + 1);
  if (key === "Home") return 0;
  return key === "End" ? last : undefined;
}

function onKey(film, event) {
  if (event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return;
  const at = event.composedPath()[0];
  if (!(at instanceof Element) || at.matches(WRITING) || at.closest(CHOOSING)) return;
  const plays = event.key === " " && !at.matches("button:focus-visible");
  const frame = goal(film, event.key);
  if (!plays && frame === undefined) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  if (!plays && frame === film.frame) return;
  number = Math.max(number + 1, Date.now());
  if (plays) film.send("pressed", { number });
  else {
    film.frame = frame;
    film.send("pressed", { number, frame });
  }
}

export default function filmKeys({ data, parentElement, setTriggerValue }) {
  let film = HELD.get(parentElement);
  if (!film) {
    film = { frame: data.frame, abort: new AbortController() };
    HELD.set(parentElement, film);
    window.addEventListener("keydown", (event) => onKey(film, event), { capture: true, signal: film.abort.signal });
  }
  film.send = setTriggerValue;
  film.last = data.last;
  if (data.heard >= number) film.frame = data.frame;
  return () => {
    film.abort.abort();
    HELD.delete(parentElement);
  };
}
