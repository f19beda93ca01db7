// Colours of both themes, and the colour of every node. One accent; the rest carries data or is grey.

import PALETTE from "../../../treecore/views/palette.json" with { type: "json" };

const MAX_WRITTEN = 10000;
/** @type {Map<number, string>} */
const WRITTEN = new Map();
/** @type {CanvasRenderingContext2D | null} */
let probe = null;
const MIXED = /** @type {const} */ (["positive", "zero", "negative", "strong", "pale", "coarse", "fine", "neutral", "low", "high"]);

// What draws on a canvas; null only for a canvas that draws in another way already.
/** @param {HTMLCanvasElement} canvas @param {CanvasRenderingContext2DSettings} [settings] */
export function contextOf(canvas, settings) {
  return /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d", settings));
}

// The colours and the curve that the charts take too.
/** @param {"light" | "dark"} name */
function themeOf(name) {
  const colours = PALETTE[name];
  const numbers = (/** @type {string} */ hex) => [1, 3, 5].map((k) => parseInt(hex.slice(k, k + 2), 16));
  const mixed = /** @type {Record<(typeof MIXED)[number], Rgb>} */ (
    Object.fromEntries(MIXED.map((key) => [key, numbers(colours[key])]))
  );
  return { ...colours, dark: name === "dark", ...mixed };
}

/** @param {HTMLElement} root @returns {Theme} */
export function readTheme(root) {
  const style = getComputedStyle(root);
  const background = parseColour(style.getPropertyValue("--st-background-color")) || backdrop(root);
  const base = themeOf(luminance(background) < 0.4 ? "dark" : "light");
  const sans = style.getPropertyValue("--st-font").trim() || "system-ui, sans-serif";
  const mono = style.getPropertyValue("--st-code-font").trim() || "ui-monospace, monospace";
  const projected = isProjected(style);
  const strong = projected ? { muted: base.ink, hairline: base.edge, edge: base.muted } : {};
  return { ...base, ...strong, background: css(background), plain: background, sans, mono, projected };
}

// Whether the page is for a projector, as its style sheet says.
/** @param {CSSStyleDeclaration} style */
export function isProjected(style) {
  return style.getPropertyValue("--tc-projected").trim() === "1";
}

// The element that one stands in, out of its shadow too.
/** @param {HTMLElement} element @returns {HTMLElement | undefined} */
export function holderOf(element) {
  const { host } = /** @type {ShadowRoot} */ (element.getRootNode());
  return element.parentElement ?? /** @type {HTMLElement | undefined} */ (host);
}

// Where an element begins beneath the window's upper edge, before anything was scrolled.
/** @param {HTMLElement} element */
export function topOf(element) {
  let top = element.getBoundingClientRect().top + window.scrollY;
  for (let at = holderOf(element); at; at = holderOf(at)) top += at.scrollTop;
  return top;
}

/** @param {HTMLElement} root */
function backdrop(root) {
  for (let element = /** @type {HTMLElement | undefined} */ (root); element; element = holderOf(element)) {
    const colour = parseColour(getComputedStyle(element).backgroundColor);
    if (colour) return colour;
  }
  return [255, 255, 255];
}

// Any CSS colour to [r, g, b]; null for none and for full transparency.
/** @param {string} text @returns {Rgb | null} */
function parseColour(text) {
  const value = text.trim();
  if (!value) return null;
  const context = (probe ??= contextOf(document.createElement("canvas"), { willReadFrequently: true }));
  context.clearRect(0, 0, 1, 1);
  context.fillStyle = "rgba(0,0,0,0)";
  context.fillStyle = value;
  context.fillRect(0, 0, 1, 1);
  const [r, g, b, a] = context.getImageData(0, 0, 1, 1).data;
  return a ? [r, g, b] : null;
}

/** @param {Rgb} p */
export function luminance([r, g, b]) {
  return (0.2126 * r + 0.7152 * g + 0.0722 * b) / 255;
}

// As the canvas takes it; most colours are asked for in every frame.
/** @param {Rgb} p */
export function css([r, g, b]) {
  const number = (Math.round(r) << 16) | (Math.round(g) << 8) | Math.round(b);
  let text = WRITTEN.get(number);
  if (text === undefined) {
    if (WRITTEN.size > MAX_WRITTEN) WRITTEN.clear();
    WRITTEN.set(number, (text = `#${number.toString(16).padStart(6, "0")}`));
  }
  return text;
}

/** @param {Rgb} from @param {Rgb} to @param {number} t */
export function mix(from, to, t) {
  return [0, 1, 2].map((k) => from[k] + (to[k] - from[k]) * t);
}

/** @param {Rgb} colour */
function brightnessOf(colour) {
  const [r, g, b] = colour.map((one) => (one / 255 <= 0.04045 ? one / 255 / 12.92 : ((one / 255 + 0.055) / 1.055) ** 2.4));
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

// Black or white, whichever is easier to read on a colour.
/** @param {Rgb} colour */
export function inkOver(colour) {
  const light = brightnessOf(colour);
  return 1.05 / (light + 0.05) >= (light + 0.05) / 0.05 ? "white" : "black";
}

/** @param {Theme} theme @param {number} value @param {number} limit */
export function diverging(theme, value, limit) {
  const t = Math.min(1, Math.abs(value) / limit) ** PALETTE.power;
  return mix(theme.zero, value < 0 ? theme.negative : theme.positive, t);
}

/** @param {Theme} theme @param {number} share */
export function rising(theme, share) {
  return mix(theme.low, theme.high, Math.max(0, Math.min(1, share)));
}

/** @param {Theme} theme @param {number} share */
export function governing(theme, share) {
  return mix(theme.pale, theme.strong, share);
}

/** @param {Theme} theme @param {number} share @param {number} strength */
export function bothColour(theme, share, strength) {
  return mix(theme.zero, mix(theme.fine, theme.coarse, share), 0.12 + 0.88 * Math.min(1, strength));
}

/** @param {Theme} theme @param {SceneFill} fill @param {number} value @param {number | null | undefined} hue */
export function colourOf(theme, fill, value, hue) {
  if (fill.kind === "diverging") return diverging(theme, value, fill.high);
  if (fill.kind === "granularity") return governing(theme, value);
  const share = (value - fill.low) / (fill.high - fill.low || 1);
  if (fill.kind === "both") return bothColour(theme, hue ?? 0, fill.low < 0 ? Math.abs(value) / fill.high : share);
  return rising(theme, share);
}

// [3N] colours; `app.blank` marks nodes without a value. Roots stay neutral, and so do unfilled stages but for leaves
// without an outcome where outcomes are shown: round would say that they are right.
/** @param {App} app */
export function paint(app) {
  const { scene, shape, theme } = app;
  const { fill } = scene;
  const colours = new Float32Array(3 * shape.n);
  const blank = new Uint8Array(shape.n);
  for (let i = 0; i < shape.n; i++) {
    const value = fill.values[i];
    const waits = fill.partial && scene.credit[i] !== null;
    if (fill.on && value === null) blank[i] = waits ? 0 : 1;
    else if (!fill.on && scene.table.outcomes && scene.share[i] === null) blank[i] = shape.children[i].length ? 0 : 1;
    const filled = fill.on && value !== null;
    colours.set(filled ? colourOf(theme, fill, value, fill.hue?.[i]) : theme.neutral, 3 * i);
  }
  app.blank = blank;
  return colours;
}

/** @type {WeakMap<Theme, { ratio: number, pattern: CanvasPattern }>} */
const HATCHINGS = new WeakMap();

/** @param {App} app */
export function hatching(app) {
  const { theme, ratio } = app;
  const kept = HATCHINGS.get(theme);
  if (kept?.ratio === ratio) return kept.pattern;
  const made = { ratio, pattern: makeHatching(app) };
  HATCHINGS.set(theme, made);
  return made.pattern;
}

/** @param {App} app */
function makeHatching(app) {
  const tile = document.createElement("canvas");
  const size = Math.round(5 * app.ratio);
  tile.width = tile.height = size;
  const context = contextOf(tile);
  context.fillStyle = app.theme.background;
  context.fillRect(0, 0, size, size);
  context.strokeStyle = app.theme.muted;
  context.lineWidth = app.ratio * 0.9;
  context.beginPath();
  for (const shift of [-size, 0, size]) {
    context.moveTo(shift - 1, size + 1);
    context.lineTo(shift + size + 1, -1);
  }
  context.stroke();
  const pattern = /** @type {CanvasPattern} */ (app.context.createPattern(tile, "repeat"));
  pattern.setTransform(new DOMMatrix().scale(1 / app.ratio));
  return pattern;
}
