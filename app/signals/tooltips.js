// Hints of controls stand where they cover no control, neither their own nor one beside it: Streamlit puts them over
// whatever is above.

const ANCHORS = ".stTooltipHoverTarget, .stTooltipIcon, [data-testid=stTooltipHoverTarget], [data-testid=stTooltipIcon]";
const CONTROLS = "button, a[href], input, select, textarea, summary, [role=radio], [role=tab], [role=slider], [role=combobox]";
const PORTAL = "stFloatingOverlayPortal", GAP = 8, EDGE = 4, STEP = 12, FURTHEST = 80, BESIDE = 100;
const LOOK = "[role=tooltip][data-placed] { width: max-content; transform: none !important; left: var(--at-x) !important; top: var(--at-y) !important; }";

// Boxes of all controls in the window, those of components too.
/** @param {ParentNode} root @returns {DOMRect[]} */
function controlsIn(root) {
  const own = [.../** @type {NodeListOf<HTMLElement>} */ (root.querySelectorAll(CONTROLS))].filter((one) => one.checkVisibility()).map((one) => one.getBoundingClientRect());
  const inside = [...root.querySelectorAll("[data-testid=stBidiComponentIsolated]")].flatMap(({ shadowRoot }) => (shadowRoot ? controlsIn(shadowRoot) : []));
  return [...own, ...inside].filter(({ width, height, bottom, top }) => width > 1 && height > 1 && bottom > 0 && top < innerHeight);
}

// Places for a hint of a size, best first: under, over, beside, then further away.
/** @param {Corners} anchor @param {number} width @param {number} height */
function placesFor({ left, right, top, bottom }, width, height) {
  const middle = (left + right - width) / 2, found = [];
  for (let away = GAP; away < FURTHEST; away += STEP) {
    for (const x of [middle, left, right - width]) found.push({ x, y: bottom + away }, { x, y: top - away - height });
    if (away === GAP) for (const x of [right + GAP, left - GAP - width]) found.push({ x, y: (top + bottom - height) / 2 });
  }
  return found;
}

// The first place in the window that covers none of these boxes, else the one that covers least: of the control, its
// widget, and what stands before and after it, nothing where that can be.
/** @param {Corners} anchor @param {Corners[]} near @param {Corners[]} boxes @param {{ width: number, height: number }} size @param {{ width: number, height: number }} window */
export function clearPlace(anchor, near, boxes, { width, height }, window) {
  const covered = (/** @type {Point} */ { x, y }, /** @type {Corners[]} */ some) => some.reduce((sum, one) => {
    const across = Math.min(x + width, one.right) - Math.max(x, one.left), down = Math.min(y + height, one.bottom) - Math.max(y, one.top);
    return sum + Math.max(0, across) * Math.max(0, down);
  }, 0);
  let best = { x: EDGE, y: EDGE }, least = Infinity;
  for (const place of placesFor(anchor, width, height)) {
    const x = Math.max(EDGE, Math.min(place.x, window.width - width - EDGE)), at = { x, y: place.y };
    if (at.y < EDGE || at.y + height > window.height - EDGE) continue;
    const area = BESIDE * covered(at, [anchor, ...near]) + covered(at, boxes);
    if (area < least) [best, least] = [at, area];
    if (!area) break;
  }
  return best;
}

/** @param {HTMLElement} hint @param {Element} anchor */
function place(hint, anchor) {
  const own = (anchor.querySelector(CONTROLS) ?? anchor).getBoundingClientRect(), boxes = controlsIn(document);
  const at = boxes.findIndex(({ left, top }) => left === own.left && top === own.top);
  const widget = controlsIn(anchor.closest("[data-testid=stElementContainer]") ?? anchor);
  const near = [...widget, ...(at < 0 ? [] : [boxes[at - 1], boxes[at + 1]].filter(Boolean))];
  hint.toggleAttribute("data-placed", true);
  const { x, y } = clearPlace(own, near, boxes, { width: hint.offsetWidth, height: hint.offsetHeight }, { width: innerWidth, height: innerHeight });
  hint.style.setProperty("--at-x", `${x}px`);
  hint.style.setProperty("--at-y", `${y}px`);
}

/** @param {AbortSignal} signal */
export function placeTooltips(signal) {
  /** @type {Element | null} */
  let anchor = null;
  const watch = new MutationObserver(() => {
    const hint = /** @type {HTMLElement | null} */ (document.querySelector(`#${PORTAL} [role=tooltip]:not([data-placed])`));
    if (hint && anchor) place(hint, anchor);
  });
  const note = (/** @type {Event} */ event) => {
    const at = event.target instanceof Element ? event.target.closest(ANCHORS) : null, portal = document.getElementById(PORTAL);
    if (!at) return;
    anchor = at;
    if (portal) watch.observe(portal, { childList: true, subtree: true });
  };
  const look = new CSSStyleSheet();
  look.replaceSync(LOOK);
  document.adoptedStyleSheets.push(look);
  for (const name of ["pointerover", "focusin"]) document.addEventListener(name, note, { signal, capture: true });
  signal.addEventListener("abort", () => {
    watch.disconnect();
    document.adoptedStyleSheets = document.adoptedStyleSheets.filter((one) => one !== look);
  });
}
