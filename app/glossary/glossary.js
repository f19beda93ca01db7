// Words of the glossary: each is underlined where it stands first on the page, an open dialog or menu before what it
// covers, and one box says what it means. Streamlit's own elements stay as they are: words are painted over them. A
// component may link words itself, as `.term`.

import { html } from "../browse/dom.js";
import { ABOVE, isTyped, onceGone } from "../signals/focus.js";

// Text of this package; what others wrote stands in `code`, and what has a use of its own is left alone.
const AREAS = "[data-testid=stMarkdownContainer], [data-testid=stCaptionContainer], .st-key-sentence [data-testid=stText]";
const INSIDE = ".verdict, .decides, .heading .note, [data-ours]", LEGEND = ".tc-swatch, .tc-name", SHEET = "dialog[open] dd";
const LOOK = new CSSStyleSheet();
LOOK.replaceSync("::highlight(treecore-word) { text-decoration: underline dotted; text-decoration-color: var(--tc-muted); text-underline-offset: 3px; }");
const APART = "code, pre, a, button, label:not([data-testid=stWidgetLabel]), h1, h2, h3, h4, h5, h6, .katex";
const PAINT = "treecore-word", SETTLE_MS = 250, GAP = 6, EDGE = 12;
const KEPT = new WeakMap();

/** @param {GlossaryData} data */
function patternOf({ forms }) {
  const longest = Object.keys(forms).sort((one, other) => other.length - one.length);
  return new RegExp(`(?<![\\w-])(?:${longest.map((form) => form.replace(/[$()*+./?[\\\]^{|}]/g, "\\$&")).join("|")})(?![\\w-])`, "giu");
}

/** @param {GlossaryPart} part @param {Element} area @param {Map<string, GlossaryPlace>} places */
function read({ data, pattern }, area, places) {
  const walk = document.createTreeWalker(area, NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) {
    const text = /** @type {Text} */ (walk.currentNode);
    if (text.parentElement?.closest(APART)) continue;
    for (const { 0: form, index } of text.data.matchAll(pattern)) {
      const term = data.forms[form.toLowerCase()];
      if (places.has(term)) continue;
      const range = document.createRange();
      range.setStart(text, index);
      range.setEnd(text, index + form.length);
      places.set(term, range);
    }
  }
}

// Our words within a component, painted there too.
/** @param {GlossaryPart} part @param {Element} area @param {string} inside @param {Map<string, GlossaryPlace>} places */
function readInside(part, { shadowRoot }, inside, places) {
  const found = [...(shadowRoot?.querySelectorAll(inside) ?? [])].filter((one) => one.checkVisibility());
  if (found.length && !shadowRoot?.adoptedStyleSheets.includes(LOOK)) shadowRoot?.adoptedStyleSheets.push(LOOK);
  for (const one of found) read(part, one, places);
}

// Where every word stands first: what lies above the page, the page in its order, then what legends say.
/** @param {GlossaryPart} part */
function find(part) {
  /** @type {Map<string, GlossaryPlace>} */
  const places = new Map();
  const areas = [...document.querySelectorAll(`${AREAS}, [data-testid=stBidiComponentIsolated]`)].filter((area) => area.checkVisibility());
  const above = areas.filter((area) => area.closest(ABOVE)), below = areas.filter((area) => !area.closest(ABOVE));
  for (const area of below) readInside(part, area, SHEET, places);
  for (const area of [...above, ...below]) {
    if (area.matches(AREAS)) read(part, area, places);
    readInside(part, area, INSIDE, places);
    for (const term of /** @type {NodeListOf<HTMLElement>} */ (area.shadowRoot?.querySelectorAll(".term") ?? [])) {
      if (!places.has(term.dataset.term ?? "")) places.set(term.dataset.term ?? "", term);
    }
  }
  for (const area of below) readInside(part, area, LEGEND, places);
  return places;
}

/** @param {GlossaryPart} part */
function paint(part) {
  part.places = find(part);
  const ranges = [...part.places.values()].filter((place) => place instanceof Range);
  CSS.highlights?.set(PAINT, new Highlight(...ranges));
}

/** @param {GlossaryPart} part @param {string} term @param {string} note */
function show(part, term, note) {
  const { box } = part, place = part.places.get(term);
  if (!place) return;
  part.shown = term;
  const line = html("p", "", part.data.means[term]);
  line.prepend(html("b", "", term));
  box.replaceChildren(line, html("small", "", note));
  box.showPopover();
  const at = place.getBoundingClientRect();
  const below = at.bottom + GAP + box.offsetHeight < innerHeight;
  box.style.left = `${Math.max(EDGE, Math.min(at.left, innerWidth - box.offsetWidth - EDGE))}px`;
  box.style.top = `${below ? at.bottom + GAP : Math.max(EDGE, at.top - GAP - box.offsetHeight)}px`;
}

/** @param {GlossaryPart} part */
function hide(part) {
  part.shown = "";
  if (part.box.matches(":popover-open")) part.box.hidePopover();
}

// The word under the pointer, where nothing lies over it; words between other text may stand on two lines.
/** @param {GlossaryPart} part @param {MouseEvent} event */
function under({ places }, event) {
  const { clientX: x, clientY: y } = event, path = event.composedPath();
  for (const [term, place] of places) {
    if (!(place instanceof Range) || !path.includes(/** @type {Node} */ (place.startContainer.parentElement))) continue;
    for (const { left, right, top, bottom } of place.getClientRects()) if (x >= left && x <= right && y >= top && y <= bottom) return term;
  }
  return "";
}

/** @param {GlossaryPart} part @param {MouseEvent} event */
function onClick(part, event) {
  const marked = event.composedPath().find((one) => one instanceof HTMLElement && one.matches(".term"));
  const term = marked instanceof HTMLElement ? marked.dataset.term ?? "" : under(part, event), before = part.shown;
  hide(part);
  if (!term || term === before || getSelection()?.isCollapsed === false) return;
  if (marked instanceof HTMLElement) part.places.set(term, marked);
  show(part, term, "");
}

/** @param {GlossaryPart} part @param {KeyboardEvent} event */
function onKey(part, event) {
  if (event.key === "Escape" && part.shown) {
    event.preventDefault();
    event.stopImmediatePropagation();
    hide(part);
    return;
  }
  const asked = event.key.toLowerCase() === "w" && !event.ctrlKey && !event.metaKey && !event.altKey && !isTyped(event);
  const terms = [...part.places.keys()];
  if (!asked || !terms.length) return;
  event.preventDefault();
  const at = terms.indexOf(part.shown), next = at < 0 ? (event.shiftKey ? terms.length - 1 : 0) : (at + (event.shiftKey ? -1 : 1) + terms.length) % terms.length;
  const place = /** @type {GlossaryPlace} */ (part.places.get(terms[next]));
  (place instanceof Range ? place.startContainer.parentElement : place)?.scrollIntoView({ block: "nearest" });
  show(part, terms[next], `word ${next + 1} of ${terms.length} on this page \u00b7 W next \u00b7 Esc close`);
}

/** @param {HTMLElement} parentElement @param {GlossaryData} data @returns {GlossaryPart} */
function mountGlossary(parentElement, data) {
  const box = html("div", "word"), abort = new AbortController(), { signal } = abort;
  box.popover = "manual";
  box.setAttribute("role", "status");
  parentElement.append(box);
  document.adoptedStyleSheets.push(LOOK);
  /** @type {GlossaryPart} */
  const part = { box, abort, data, pattern: patternOf(data), places: new Map(), shown: "" };
  let timer = 0;
  const soon = () => {
    timer ||= setTimeout(() => {
      timer = 0;
      paint(part);
    }, SETTLE_MS);
  };
  const watch = new MutationObserver(soon);
  soon();
  document.addEventListener("treecore-sheet", soon, { signal });
  watch.observe(document.body, { childList: true, characterData: true, subtree: true });
  signal.addEventListener("abort", () => {
    clearTimeout(timer);
    watch.disconnect();
    CSS.highlights?.delete(PAINT);
    document.adoptedStyleSheets = document.adoptedStyleSheets.filter((sheet) => sheet !== LOOK);
  });
  window.addEventListener("click", (event) => onClick(part, event), { signal });
  window.addEventListener("pointermove", (event) => document.documentElement.toggleAttribute("data-word", under(part, event) !== ""), { signal, passive: true });
  window.addEventListener("keydown", (event) => onKey(part, event), { signal, capture: true });
  window.addEventListener("wheel", () => hide(part), { signal, passive: true });
  return part;
}

/** @param {Component<GlossaryData>} component */
export default function glossary({ data, parentElement }) {
  let part = KEPT.get(parentElement);
  if (!part) KEPT.set(parentElement, (part = mountGlossary(parentElement, data)));
  return onceGone(parentElement, () => part.abort.abort());
}
