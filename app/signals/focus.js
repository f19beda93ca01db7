// What components of this folder share: which keys belong to what has the focus, and how events reach Python for sure.

const WRITING = "input:not([type=range]):not([type=radio]):not([type=checkbox]), textarea, select, [contenteditable=true]";
const CHOOSING = "[role=listbox], [role=menu]";
const PRESSED = "button, a, summary, [role=button]", CHOSEN_AMONG = "[role=radio], [role=tab]";
const PRESSING = new Set(["Enter", " "]), MOVING = /^(Arrow|Page|Home$|End$)/;
export const ABOVE = "[role=dialog], [data-testid=stPopoverBody]";

// Whether a key belongs to a field or to a list of choices.
/** @param {Event} event */
export function isTyped(event) {
  const at = event.composedPath()[0];
  return !(at instanceof Element) || at.matches(WRITING) || at.closest(CHOOSING) !== null;
}

// Whether it belongs to these, or to what lies above the page.
/** @param {Event} event */
export function ownsKeys(event) {
  return isTyped(event) || /** @type {Element} */ (event.composedPath()[0]).closest(ABOVE) !== null;
}

// Whether a key is for the view: nobody has taken it, it is not for the browser, and it does not work what has the focus.
/** @param {KeyboardEvent} event */
export function isForView(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented || ownsKeys(event)) return false;
  const at = /** @type {Element} */ (event.composedPath()[0]);
  if (PRESSING.has(event.key)) return !at.matches(PRESSED);
  return !MOVING.test(event.key) || (at.matches(`${PRESSED}, body, html, [tabindex="-1"]`) && !at.matches(CHOSEN_AMONG));
}

// Runs `stop` once a component's element has left the page. Streamlit cleans up after a call also when another follows.
/** @param {HTMLElement} element @param {() => void} stop */
export function onceGone(element, stop) {
  return () => setTimeout(() => element.isConnected || stop());
}

function isRunning() {
  const page = /** @type {HTMLElement | null} */ (document.querySelector("[data-testid=stApp]"));
  return (page?.dataset.testScriptState ?? "notRunning") !== "notRunning";
}

// Sends an event until Python has answered its number or another has followed: one that comes while another part of the
// page is run anew can be lost. While the page runs, the answer may still come. What has left the page asks for nothing
// any more.
/** @param {Channel} channel @param {string} name @param {ChosenEvent | PressedEvent | AskedEvent | WhatIfAsked | WishEvent} value */
export function sendUntilHeard(channel, name, value) {
  channel.last = value.number;
  let tries = 0;
  const send = () => {
    if (channel.abort.signal.aborted || channel.heard >= value.number || channel.last !== value.number || tries > 5) return;
    if (!tries || !isRunning()) {
      tries++;
      channel.send(name, value);
    }
    setTimeout(send, 1000);
  };
  send();
}
