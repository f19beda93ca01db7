// Marks the selected step in Plotly charts and chooses the step of what is clicked there. Plotly draws anew whenever it
// likes, so marks are set again after every change of a chart. Python colours the charts, so it is asked for them anew
// where the page shows another theme; and it may wait with them until the trees are drawn.

import { onceGone, sendUntilHeard } from "./focus.js";

const HELD = new WeakMap();

// What can be marked in a chart, as [element, node id].
/** @param {any} plot */
function places(plot) {
  const { customdata } = plot.data[0];
  const points = [...plot.querySelectorAll(".scatterlayer .points path")].map((path, k) => [path, customdata?.[k]]);
  const sectors = [...plot.querySelectorAll("g.slice")].map((slice) => {
    return [slice.querySelector("path.surface"), slice.__data__?.data.data.id];
  });
  return [...points, ...sectors];
}

/** @param {any} event */
function choose(event) {
  const [point] = event.points;
  const id = point.customdata ?? point.id;
  if (id !== undefined && id !== "") document.dispatchEvent(new CustomEvent("treecore-choose", { detail: String(id) }));
}

// Whether a change of the page is one of a chart; most are of words beside them.
/** @param {MutationRecord} record */
function isOfChart({ target, addedNodes }) {
  return /** @type {Element} */ (target).closest(".js-plotly-plot") !== null
    || [...addedNodes].some((one) => one instanceof Element && (one.matches(".js-plotly-plot") || one.querySelector(".js-plotly-plot") !== null));
}

/** @param {any} marks */
function refresh(marks) {
  marks.frame = 0;
  const selected = globalThis.treecoreSelected;
  for (const key of marks.charts) {
    /** @type {any} */
    const plot = document.querySelector(`.st-key-${key} .js-plotly-plot`);
    if (!plot?.data?.length) continue;
    if (plot.treecoreEvents !== plot._ev) {
      plot.on("plotly_click", choose);
      plot.treecoreEvents = plot._ev;
    }
    for (const [element, id] of places(plot)) {
      element?.classList.toggle("tc-marked", selected !== null && selected !== undefined && id === selected);
    }
  }
}

/** @param {any} marks */
function compareTheme(marks) {
  const shown = getComputedStyle(document.querySelector(".stApp") ?? document.body).colorScheme === "dark";
  if (shown === marks.dark || shown === marks.asked) return;
  marks.asked = shown;
  marks.send("theme", shown);
}

// Once the trees that Python waits for are drawn.
/** @param {any} marks */
function tellDrawn(marks) {
  const { waits, last } = marks;
  if (waits && globalThis.treecoreDrawn === waits && last !== waits) sendUntilHeard(marks, "drawn", { number: waits });
}

/** @param {Component<ChartMarksData>} component */
export default function chartMarks({ data, parentElement, setTriggerValue }) {
  let marks = HELD.get(parentElement);
  if (!marks) {
    marks = { abort: new AbortController(), frame: 0 };
    HELD.set(parentElement, marks);
    const later = () => {
      marks.frame ||= requestAnimationFrame(() => refresh(marks));
    };
    document.addEventListener("treecore-selected", later, { signal: marks.abort.signal });
    document.addEventListener("treecore-drawn", () => tellDrawn(marks), { signal: marks.abort.signal });
    marks.watch = new MutationObserver((records) => records.some(isOfChart) && later());
    marks.watch.observe(document.querySelector(".stMain") ?? document.body, { childList: true, subtree: true });
    marks.themes = new MutationObserver(() => compareTheme(marks));
    marks.themes.observe(document.querySelector(".stApp") ?? document.body, { attributeFilter: ["class"] });
    later();
  }
  Object.assign(marks, { charts: data.charts, dark: data.dark, waits: data.waits_for, asked: undefined, send: setTriggerValue });
  if (data.waits_for) marks.heard = 0;
  else Object.assign(marks, { heard: Infinity, last: 0 });
  compareTheme(marks);
  tellDrawn(marks);
  return onceGone(parentElement, () => {
    marks.abort.abort();
    marks.watch.disconnect();
    marks.themes.disconnect();
  });
}
