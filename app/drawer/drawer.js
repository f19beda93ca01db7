// The head of the drawer: opens it at a selection, closes it by button, I or Escape, and says how much of the window it
// covers, so that the trees bring the selected step into what is left.

import { html } from "../browse/dom.js";
import { onceGone, ownsKeys } from "../signals/focus.js";

const DRAWERS = new WeakMap();
/** @type {Drawer | undefined} */
let current;
const NARROW = window.matchMedia("(max-width: 1100px)");
const HINT = "Click a step to see its words, siblings and numbers";

// When it closes, who had the focus in it has it in the trees again.
/** @param {Drawer} drawer @param {boolean} open */
function turn(drawer, open) {
  const { button, words } = drawer;
  const lost = drawer.open && !open && isInside(document.activeElement, drawer);
  drawer.open = open;
  if (open) document.documentElement.dataset.drawer = "open";
  else delete document.documentElement.dataset.drawer;
  button.setAttribute("aria-expanded", String(open));
  button.textContent = open ? "Hide" : "Show";
  words.textContent = open ? "" : drawer.asked ? "What was changed" : globalThis.treecoreSelected ? "The selected step" : HINT;
  tellCovered(drawer);
  if (lost) document.dispatchEvent(new CustomEvent("treecore-focus"));
}

// Pixels at the foot of the window that the drawer covers, and those that its head covers while it is closed.
/** @param {Drawer} drawer */
function tellCovered({ root, open }) {
  const box = root.getBoundingClientRect(), before = globalThis.treecoreDrawer;
  const foot = NARROW.matches && box.height ? box.height : 0;
  globalThis.treecoreDrawer = { foot, covered: foot && open ? window.innerHeight - box.top : foot };
  if (!foot && before?.foot === 0) return; // beside the trees it covers nothing, whatever is selected
  document.dispatchEvent(new CustomEvent("treecore-drawer"));
}

/** @param {Element | null} element @param {Drawer} drawer */
function isInside(element, { root }) {
  const { host } = /** @type {ShadowRoot} */ (root.getRootNode());
  return Boolean(element && host.closest("[data-testid=stColumn]")?.contains(element));
}

/** @param {Drawer} drawer @param {KeyboardEvent} event */
function onKey(drawer, event) {
  if (!NARROW.matches || event.ctrlKey || event.metaKey || event.altKey || ownsKeys(event)) return;
  if (event.key === "Escape" && !globalThis.treecoreSelected) turn(drawer, false);
  if (event.key.toLowerCase() === "i") turn(drawer, !drawer.open);
}

/** @param {HTMLElement} host @returns {Drawer} */
function mountDrawer(host) {
  const root = html("div", "head"), words = html("span", "words"), button = html("button", "turn");
  button.title = "Show or hide what is said of the step (I)";
  root.append(words, html("span", "key", "I"), button);
  host.append(root);
  const abort = new AbortController(), { signal } = abort;
  /** @type {Drawer} */
  const drawer = { root, words, button, abort, open: false, asked: false, watch: new ResizeObserver(() => tellCovered(drawer)) };
  button.onclick = () => turn(drawer, !drawer.open);
  root.onclick = (event) => event.target !== button && turn(drawer, !drawer.open);
  document.addEventListener("treecore-selected", (event) => turn(drawer, Boolean(event.detail ?? globalThis.treecoreGroup) || drawer.asked), { signal });
  window.addEventListener("keydown", (event) => onKey(drawer, event), { capture: true, signal });
  NARROW.addEventListener("change", () => tellCovered(drawer), { signal });
  drawer.watch.observe(document.documentElement);
  return drawer;
}

/** @param {Component<DrawerData>} component */
export default function drawerHead({ data, parentElement }) {
  let drawer = DRAWERS.get(parentElement);
  const first = !drawer;
  if (!drawer) DRAWERS.set(parentElement, (drawer = mountDrawer(parentElement)));
  current = drawer;
  const news = first || drawer.asked !== data.asked;
  drawer.asked = data.asked;
  if (news) turn(drawer, data.asked || Boolean(globalThis.treecoreSelected));
  return onceGone(parentElement, () => {
    drawer.abort.abort();
    drawer.watch.disconnect();
    if (current !== drawer) return; // another stands in its place already
    globalThis.treecoreDrawer = undefined;
    delete document.documentElement.dataset.drawer;
  });
}
