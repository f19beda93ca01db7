// Pass rate over training: a line to drag on. And the same prompts at two steps.

import { html, percent, plain, svg } from "./dom.js";

const WIDTH = 560, HEIGHT = 118, LEFT = 34, RIGHT = 16, TOP = 18, BOTTOM = 20, MANY = 60, FALL = 0.05;
const TOPS = [0.1, 0.2, 0.4, 0.6, 0.8, 1];

/** @param {BrowsePoint[]} curve @param {string} steps @param {(steps: string) => void} ask */
export function curveOf(curve, steps, ask) {
  const box = html("section", "curve");
  box.append(html("h3", "", "pass rate by training step, %"));
  if (curve.length < 2) {
    box.append(html("p", "muted", "No training steps are recorded here, so there is no curve: every forest is listed below."));
    return box;
  }
  const known = curve.filter(([, rate]) => rate !== null);
  const [first, last] = [curve[0][0], curve[curve.length - 1][0]];
  const most = Math.max(...known.map(([, rate]) => Number(rate)));
  const top = TOPS.find((one) => one >= most) ?? 1;
  const x = (/** @type {number} */ step) => LEFT + ((step - first) / (last - first)) * (WIDTH - LEFT - RIGHT);
  const y = (/** @type {number} */ rate) => HEIGHT - BOTTOM - (rate / top) * (HEIGHT - TOP - BOTTOM);
  const picture = svg("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "group", "aria-label": "pass rate by training step" });
  for (const rate of [0, top / 2, top]) {
    picture.append(svg("line", { x1: LEFT, x2: WIDTH - RIGHT, y1: y(rate), y2: y(rate), class: "grid" }));
    picture.append(svg("text", { x: LEFT - 6, y: y(rate) + 4, "text-anchor": "end" }, plain(Math.round(100 * rate))));
  }
  const ticks = Math.min(curve.length, 8);
  for (let tick = 0; tick < ticks; tick++) {
    const [step] = curve[Math.round((tick * (curve.length - 1)) / (ticks - 1))];
    picture.append(svg("text", { x: x(step), y: HEIGHT - 4, "text-anchor": "middle" }, String(step)));
  }
  const [low, high] = steps ? steps.split("~").map(Number) : [NaN, NaN];
  const brush = svg("g", {});
  picture.append(brush);
  mark(brush, x, low, high);
  picture.append(svg("polyline", { points: known.map(([step, rate]) => `${x(step)},${y(Number(rate))}`).join(" "), class: "line" }));
  for (const [step, rate, forests] of known.length > MANY ? [] : known) {
    const dot = svg("circle", { cx: x(step), cy: y(Number(rate)), r: 3.4, tabindex: 0, role: "button",
      class: step >= low && step <= high ? "dot in" : "dot",
      "aria-label": `step ${step}: ${plain(100 * Number(rate))} % right, ${forests} forests` });
    dot.addEventListener("keydown", (event) => {
      if (/** @type {KeyboardEvent} */ (event).key !== "Enter") return;
      event.stopPropagation();
      ask(`${step}~${step}`);
    });
    dot.append(svg("title", {}, `step ${step}: ${plain(100 * Number(rate))} %, ${forests} forests`));
    picture.append(dot);
  }
  for (const { step, rate, up } of labelled(known)) {
    const side = x(step) > WIDTH - 40 ? "end" : x(step) < LEFT + 30 ? "start" : "middle";
    picture.append(svg("text", { x: x(step), y: y(rate) + (up ? -8 : 16), "text-anchor": side, class: "labelled" }, percent(rate)));
  }
  drag(picture, brush, curve, x, ask);
  box.append(picture);
  return box;
}

// The highest point, and the lowest after it where the rate falls.
/** @param {BrowsePoint[]} known */
function labelled(known) {
  const rates = known.map(([, rate]) => Number(rate));
  if (!rates.length) return [];
  const high = rates.indexOf(Math.max(...rates));
  const low = rates.lastIndexOf(Math.min(...rates.slice(high)));
  const found = [{ step: known[high][0], rate: rates[high], up: true }];
  if (low > high && rates[high] - rates[low] >= FALL) found.push({ step: known[low][0], rate: rates[low], up: false });
  return found;
}

/** @param {Element} brush @param {(step: number) => number} x @param {number} low @param {number} high */
function mark(brush, x, low, high) {
  brush.replaceChildren();
  if (!(low <= high)) return;
  const [from, to] = [x(low) - 5, x(high) + 5];
  brush.append(svg("rect", { x: from, y: TOP - 6, width: to - from, height: HEIGHT - TOP - BOTTOM + 6, class: "brush" }));
  for (const at of [from, to]) {
    brush.append(svg("line", { x1: at, x2: at, y1: TOP - 6, y2: HEIGHT - BOTTOM, class: "edge" }));
    brush.append(svg("rect", { x: at - 2.5, y: (HEIGHT - BOTTOM + TOP) / 2 - 10, width: 5, height: 16, rx: 2, class: "grip" }));
  }
}

/** @param {Element} picture @param {Element} brush @param {BrowsePoint[]} curve @param {(step: number) => number} x
 * @param {(steps: string) => void} ask */
function drag(picture, brush, curve, x, ask) {
  const near = (/** @type {number} */ pixel) => {
    const { left, width } = picture.getBoundingClientRect();
    const at = ((pixel - left) / width) * WIDTH;
    return curve.reduce((best, [step]) => (Math.abs(x(step) - at) < Math.abs(x(best) - at) ? step : best), curve[0][0]);
  };
  picture.addEventListener("pointerdown", (event) => {
    const from = near(/** @type {PointerEvent} */ (event).clientX);
    let to = from;
    picture.setPointerCapture(/** @type {PointerEvent} */ (event).pointerId);
    const move = (/** @type {Event} */ moved) => {
      to = near(/** @type {PointerEvent} */ (moved).clientX);
      mark(brush, x, Math.min(from, to), Math.max(from, to));
    };
    picture.addEventListener("pointermove", move);
    picture.addEventListener("pointerup", () => {
      picture.removeEventListener("pointermove", move);
      ask(`${Math.min(from, to)}~${Math.max(from, to)}`);
    }, { once: true });
  });
}

/** @param {BrowsePair | null} pair @param {BrowsePoint[]} curve @param {(pair: string) => void} ask */
export function pairOf(pair, curve, ask) {
  const box = html("section", "pair");
  box.append(html("h3", "", "the same prompts at two steps"));
  if (!pair) {
    box.append(html("p", "muted", curve.length < 2 ? "This needs two training steps." : "No prompt was asked at two of these steps."));
    return box;
  }
  const [first, second, better, same, worse, means, rates] = pair;
  const asks = html("div", "asks");
  const choices = [first, second].map((chosen, place) => {
    const choice = html("select");
    choice.setAttribute("aria-label", place ? "second training step" : "first training step");
    for (const [step] of curve) choice.append(new Option(`step ${step}`, String(step), step === chosen, step === chosen));
    choice.onchange = () => {
      const [a, b] = choices.map(({ value }) => Number(value));
      ask(`${Math.min(a, b)}~${Math.max(a, b)}`);
    };
    return choice;
  });
  asks.append(choices[0], html("span", "", "with"), choices[1]);
  const said = html("p");
  for (const [number, words] of /** @type {[number, string][]} */ ([[better, "better"], [same, "the same"], [worse, "worse"]])) {
    said.append(html("b", "", String(number)), html("span", "", ` ${words} \u2002`));
  }
  const share = html("p");
  share.append(html("b", "", `${plain(100 * means[0])} %`), ` right at ${first}, `, html("b", "", `${plain(100 * means[1])} %`), ` at ${second}`);
  const left = html("div");
  left.append(asks, said, share);
  const row = html("div", "sides");
  row.append(left, slopes(rates, first, second));
  box.append(row);
  return box;
}

/** @param {[number, number][]} rates @param {number} first @param {number} second */
function slopes(rates, first, second) {
  const picture = svg("svg", { class: "slopes", viewBox: "0 0 84 90", width: 84, height: 90, "aria-hidden": "true" });
  picture.append(svg("text", { x: 4, y: 88 }, String(first)), svg("text", { x: 80, y: 88, "text-anchor": "end" }, String(second)));
  for (const [a, b] of rates) {
    picture.append(svg("line", { x1: 4, y1: 72 - 68 * a, x2: 80, y2: 72 - 68 * b, class: b > a ? "up" : b < a ? "down" : "flat" }));
  }
  return picture;
}
