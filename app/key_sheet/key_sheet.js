// What Tab meets first: the way past the header, and the sheet of keys, which `?` opens from anywhere but a text field;
// keys of the header's buttons. As it is on every page, hints of controls are placed from here.

import { html } from "../browse/dom.js";
import { onceGone, ownsKeys } from "../signals/focus.js";
import { placeTooltips } from "../signals/tooltips.js";

const HELD = new WeakMap();
const TARGETS = "tr[data-row], .steps .words[tabindex='0'], .tc-canvas, .compare .scroll, .grain, .lessons button, .st-key-controls button";

/** @param {ParentNode} root @param {string} what @returns {HTMLElement | null} */
function deep(root, what) {
  const found = /** @type {HTMLElement | null} */ (root.querySelector(what));
  if (found) return found;
  for (const host of root.querySelectorAll("[data-testid=stBidiComponentIsolated]")) {
    const inside = host.shadowRoot && deep(host.shadowRoot, what);
    if (inside) return inside;
  }
  return null;
}

// Keys that press a button of the header, unless they belong to what has the focus or it made use of them.
/** @type {Record<string, string>} */
const PRESSES = { p: ".st-key-present button", escape: ".st-key-leave button" };

/** @param {KeyboardEvent} event */
function press(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented || ownsKeys(event)) return;
  /** @type {HTMLElement | null} */ (document.querySelector(PRESSES[event.key.toLowerCase()] ?? "#none"))?.click();
}

// The focus goes to the first part of the view that keys work in.
function skip() {
  for (const what of TARGETS.split(", ")) {
    const target = deep(document, what);
    if (!target) continue;
    if (target.tabIndex < 0) target.tabIndex = -1;
    target.focus();
    return;
  }
}

/** @param {KeySheetData} data */
function listOf({ title, groups }) {
  const head = html("h2", "", `Keys of ${title}`), body = html("div", "groups");
  for (const [words, keys] of groups) {
    const group = html("section"), list = html("dl");
    for (const [press, does] of keys) {
      const term = html("dt");
      term.append(...press.split(" ").map((one) => html("kbd", "", one)));
      list.append(term, html("dd", "", does));
    }
    group.append(html("h3", "", words), list);
    body.append(group);
  }
  return [head, body];
}

/** @param {HTMLElement} parentElement @returns {KeySheet} */
function mountSheet(parentElement) {
  const past = html("button", "past", "Skip to the content"), button = html("button", "ask", "?");
  const dialog = html("dialog"), words = html("div"), close = html("button", "close", "Close");
  past.onclick = skip;
  button.title = "Keys of this view (?)";
  button.setAttribute("aria-label", "Keys of this view");
  button.setAttribute("aria-haspopup", "dialog");
  dialog.setAttribute("role", "dialog");
  dialog.setAttribute("aria-label", "Keys");
  dialog.append(words, close);
  parentElement.append(past, button, dialog);
  const abort = new AbortController(), { signal } = abort;
  const tell = () => document.dispatchEvent(new Event("treecore-sheet"));
  const open = () => {
    if (!dialog.open) dialog.showModal();
    tell();
  };
  dialog.addEventListener("close", tell, { signal });
  button.onclick = open;
  close.onclick = () => dialog.close();
  dialog.addEventListener("click", (event) => event.target === dialog && dialog.close(), { signal });
  dialog.addEventListener("keydown", (event) => {
    if (event.key === "?") dialog.close();
    event.stopPropagation();
  }, { signal });
  window.addEventListener("keydown", (event) => {
    if (event.key !== "?" || event.ctrlKey || event.metaKey || event.altKey || ownsKeys(event)) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    open();
  }, { capture: true, signal });
  window.addEventListener("keydown", press, { signal });
  placeTooltips(signal);
  return { words, stamp: "", abort };
}

/** @param {Component<KeySheetData>} component */
export default function keySheet({ data, parentElement }) {
  let sheet = HELD.get(parentElement);
  if (!sheet) HELD.set(parentElement, (sheet = mountSheet(parentElement)));
  const stamp = JSON.stringify(data);
  if (sheet.stamp !== stamp) sheet.words.replaceChildren(...listOf(data));
  sheet.stamp = stamp;
  return onceGone(parentElement, () => sheet.abort.abort());
}
