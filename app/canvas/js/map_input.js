// Pointer and keys of the map: drag or walk through the forest; in a folded one a click chooses what holds the place.

import { contentHeight } from "./geometry.js";
import { select } from "./interaction.js";
import { rowAt, viewAt } from "./minimap.js";
import { setView } from "./motion.js";
import { pointOn } from "./zoomed.js";

/** @param {App} app */
export function listenMap(app) {
  const { map } = app.dom;
  const { signal } = app.abort;
  let held = false;
  const point = (/** @type {PointerEvent} */ event) => pointOn(map, event);
  map.addEventListener("pointerdown", (event) => {
    held = true;
    map.setPointerCapture(event.pointerId);
    setView(app, viewAt(app, point(event)));
    if (app.drawn) select(app, rowAt(app, point(event).y));
  }, { signal });
  map.addEventListener("pointermove", (event) => {
    if (held) setView(app, viewAt(app, point(event)));
  }, { signal });
  for (const name of /** @type {const} */ (["pointerup", "pointercancel"])) map.addEventListener(name, () => (held = false), { signal });
  map.addEventListener("wheel", (event) => {
    event.preventDefault();
    setView(app, { oy: app.view.oy - event.deltaY });
  }, { signal, passive: false });
  map.addEventListener("keydown", (event) => {
    const page = 0.9 * app.room;
    const { ky, oy } = app.view;
    /** @type {Record<string, number>} */
    const places = { ArrowUp: oy + ky, ArrowDown: oy - ky, PageUp: oy + page, PageDown: oy - page, Home: 0, End: -contentHeight(app) };
    if (!(event.key in places) || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    event.stopPropagation();
    setView(app, { oy: places[event.key] });
  }, { signal });
}
