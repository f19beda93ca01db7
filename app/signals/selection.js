// The one selection of a page. Who lets a step be chosen sends "treecore-choose"; who shows what is selected listens to
// "treecore-selected" and finds it in `treecoreSelected` when it comes later. Python learns of every choice, the same
// one twice included, and has the last word: what it says holds unless something was chosen that it has not heard of, or
// before this was there.

import { onceGone, ownsKeys, sendUntilHeard } from "./focus.js";

const HELD = new WeakMap();
let number = 0;

/** @param {string | null} id */
function show(id) {
  globalThis.treecoreSelected = id;
  globalThis.treecoreSelectedNone ||= id === null;
  document.dispatchEvent(new CustomEvent("treecore-selected", { detail: id }));
}

/** @param {Channel} channel @param {string | null} id */
function choose(channel, id) {
  globalThis.treecoreNumber = number = Math.max(number + 1, Date.now());
  show(id);
  sendUntilHeard(channel, "chosen", { number, id, ...globalThis.treecoreReader });
}

/** @param {Channel} channel @param {KeyboardEvent} event */
function onKey(channel, event) {
  const open = document.querySelector("[data-testid=stPopoverBody], [role=dialog]");
  if (event.key !== "Escape" || open || ownsKeys(event) || !globalThis.treecoreSelected) return;
  event.preventDefault(); // it is not taken as a way out of what the page shows, too
  choose(channel, null);
}

/** @param {Channel} channel */
function listen(channel) {
  const { signal } = channel.abort;
  document.addEventListener("treecore-choose", (event) => choose(channel, event.detail), { signal });
  document.addEventListener("keydown", (event) => onKey(channel, event), { signal });
}

/** @param {Component<SelectionData>} component */
export default function selection({ data, parentElement, setTriggerValue }) {
  let channel = HELD.get(parentElement);
  if (!channel) {
    channel = { abort: new AbortController() };
    HELD.set(parentElement, channel);
    listen(channel);
  }
  channel.send = setTriggerValue;
  channel.heard = data.heard;
  const { treecoreEarly: early } = globalThis;
  delete globalThis.treecoreEarly;
  if (early !== undefined) choose(channel, early);
  if (data.heard >= number && globalThis.treecoreSelected !== data.id) show(data.id);
  return onceGone(parentElement, () => channel.abort.abort());
}
