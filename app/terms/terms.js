// The numbers of an equation beside the trees. Everything that comes from data goes in as text.

import { drawn, made } from "../page/elements.js";

const HELD = new WeakMap();

/** @param {string[] | null} ids */
function light(ids) {
  document.dispatchEvent(new CustomEvent("treecore-light", { detail: ids }));
}

/** @param {TermData} term */
function chip(term) {
  const one = made("button", "term");
  one.type = "button";
  one.append(drawn(term.symbol), " = ", drawn(term.number), made("span", "about", term.about));
  for (const name of ["pointerenter", "focus"]) one.addEventListener(name, () => light(term.ids));
  for (const name of ["pointerleave", "blur"]) one.addEventListener(name, () => light(null));
  return one;
}

/** @param {Component<TermData[]>} component */
export default function showTerms({ data, parentElement }) {
  let held = HELD.get(parentElement);
  if (!held) {
    held = { root: made("div", "terms"), abort: new AbortController(), shown: "" };
    HELD.set(parentElement, held);
    held.root.setAttribute("role", "group");
    held.root.setAttribute("aria-label", "numbers of the equation");
    parentElement.append(held.root);
    document.addEventListener("treecore-hover", (event) => {
      const id = /** @type {CustomEvent<string | null>} */ (event).detail;
      held.chips.forEach((/** @type {HTMLElement} */ one, /** @type {number} */ k) => {
        one.toggleAttribute("data-lit", id !== null && held.data[k].ids.includes(id));
      });
    }, { signal: held.abort.signal });
  }
  const shown = JSON.stringify(data);
  if (shown !== held.shown) {
    Object.assign(held, { shown, data, chips: data.map(chip) });
    held.root.replaceChildren(...held.chips);
    light(null);
  }
  return () => setTimeout(() => {
    if (parentElement.isConnected) return;
    held.abort.abort();
    light(null);
  });
}
