// Keys of a film. They are taken before the element that has the focus sees them; Space not from a button that was
// reached with Tab.

const HELD = new WeakMap();
let number = 0;

function goal(film, key) {
  const { frame, last } = film;
  if (key === "ArrowLeft") return Math.max(0, frame - 1);
  if (key === "ArrowRight") return Math.min(last, frame + 1);
  if (key === "Home") return 0;
  return key === "End" ? last : undefined;
}

function onKey(film, event) {
  if (event.ctrlKey || event.metaKey || event.altKey || event.shiftKey || ownsKeys(event)) return;
  const plays = event.key === " " && !event.composedPath()[0].matches("button:focus-visible");
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
    document.documentElement.dataset.filmKeys = "on";
    window.addEventListener("keydown", (event) => onKey(film, event), { capture: true, signal: film.abort.signal });
  }
  film.send = setTriggerValue;
  film.last = data.last;
  if (data.heard >= number) film.frame = data.frame;
  return onceGone(parentElement, () => film.abort.abort());
}
