// Keys by which a forest is changed reach Python; the canvas offers them as long as this is on the page.

import { onceGone, sendUntilHeard } from "../signals/focus.js";

const HELD = new WeakMap();
let number = 0;

/** @param {Component<{ heard: number }>} component */
export default function changeKeys({ data, parentElement, setTriggerValue }) {
  let channel = HELD.get(parentElement);
  if (!channel) {
    channel = /** @type {Channel} */ ({ abort: new AbortController() });
    HELD.set(parentElement, channel);
    globalThis.treecoreChanges = true;
    const options = { signal: channel.abort.signal };
    document.addEventListener("treecore-change", ({ detail }) => {
      number = Math.max(number + 1, Date.now());
      sendUntilHeard(/** @type {Channel} */ (channel), "asked", { number, verb: detail.verb, node: detail.node ?? "" });
    }, options);
  }
  channel.send = setTriggerValue;
  channel.heard = data.heard;
  return onceGone(parentElement, () => {
    channel.abort.abort();
    globalThis.treecoreChanges = false;
  });
}
