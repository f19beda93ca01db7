// Methods under the headings of their families. Typing leaves those that have every word; arrows walk, Enter chooses.
// Everything that comes from data goes in through textContent.

import { onceGone, sendUntilHeard } from "../signals/focus.js";

const LISTS = new WeakMap();
let number = 0;

/** @template {keyof HTMLElementTagNameMap} T @param {T} tag @param {string} name @param {string} [text] */
function made(tag, name, text) {
  const element = document.createElement(tag);
  element.className = name;
  if (text !== undefined) element.textContent = text;
  return element;
}

/** @param {MethodList} list @param {string} kind @param {string} name */
function ask(list, kind, name) {
  number = Math.max(number + 1, Date.now());
  sendUntilHeard(list, "asked", { number, kind, name });
}

/** @param {MethodList} list @param {MethodRow} method */
function row(list, method) {
  const item = made("li", "row");
  item.dataset.words = `${method.title} ${method.name} ${method.question}`.toLowerCase();
  const button = made("button", "method");
  button.type = "button";
  button.dataset.name = method.name;
  button.append(made("span", "name", method.title), made("span", "question", method.question));
  if (method.name === list.chosen) button.setAttribute("aria-current", "true");
  if (method.lacks) {
    button.setAttribute("aria-disabled", "true");
    button.append(made("span", "lacks", method.lacks));
  }
  button.addEventListener("click", () => {
    if (!method.lacks) ask(list, "choose", method.name);
  });
  item.append(button);
  if (method.supply) {
    const get = made("button", "get", method.button);
    get.type = "button";
    get.addEventListener("click", () => ask(list, "supply", method.name));
    item.append(get);
  }
  return item;
}

// Leaves what has every word that was typed, and says how many there are.
/** @param {MethodList} list */
function narrow(list) {
  const words = list.input.value.toLowerCase().split(/\s+/).filter(Boolean);
  let left = 0;
  for (const group of list.body.querySelectorAll("section")) {
    let any = false;
    for (const item of group.querySelectorAll("li")) {
      item.hidden = !words.every((word) => item.dataset.words?.includes(word));
      any ||= !item.hidden;
      left += Number(!item.hidden);
    }
    group.hidden = !any;
  }
  list.count.textContent = words.length ? `${left} found` : "";
  list.none.hidden = left > 0;
}

/** @param {MethodList} list */
function rows(list) {
  const all = /** @type {NodeListOf<HTMLButtonElement>} */ (list.body.querySelectorAll("li:not([hidden]) > .method"));
  return [...all].filter((one) => one.offsetParent !== null);
}

/** @param {MethodList} list @param {KeyboardEvent} event */
function walk(list, event) {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  const all = rows(list);
  const at = all.indexOf(/** @type {HTMLButtonElement} */ (event.target));
  if (step) {
    event.preventDefault();
    const next = all[at + step];
    if (next) next.focus();
    else if (step < 0) list.input.focus();
  } else if (event.key === "Enter" && event.target === list.input) {
    all.find((one) => !one.hasAttribute("aria-disabled"))?.click();
  }
}

/** @param {HTMLElement} parent */
function build(parent) {
  const root = made("div", "methods");
  const find = made("div", "find");
  const input = made("input", "");
  input.type = "search";
  input.placeholder = "Find a method: a name, or what it asks";
  input.setAttribute("aria-label", "Find a method");
  const count = made("span", "count");
  count.setAttribute("aria-live", "polite");
  find.append(input, count);
  const body = made("div", "body");
  const none = made("p", "none", "No method has these words. Take one away.");
  none.hidden = true;
  root.append(find, body, none);
  parent.append(root);
  const list = /** @type {MethodList} */ (/** @type {Partial<MethodList>} */ ({
    root, input, count, body, none, chosen: "", text: "", abort: new AbortController(),
  }));
  input.addEventListener("input", () => narrow(list));
  root.addEventListener("keydown", (event) => walk(list, event));
  LISTS.set(parent, list);
  return list;
}

/** @param {Component<MethodListData>} component */
export default function methodList({ data, parentElement, setTriggerValue }) {
  const list = LISTS.get(parentElement) ?? build(parentElement);
  const first = !list.text;
  Object.assign(list, { send: setTriggerValue, heard: data.heard, chosen: data.chosen });
  const left = onceGone(parentElement, () => list.abort.abort());
  const text = JSON.stringify([data.groups, data.chosen]);
  if (text === list.text) return left;
  list.text = text;
  const { activeElement } = /** @type {ShadowRoot} */ (list.root.getRootNode());
  const focused = activeElement instanceof HTMLElement ? activeElement.dataset.name : undefined;
  list.body.replaceChildren(...data.groups.map((/** @type {MethodGroup} */ group) => {
    const section = made("section", "");
    const items = made("ul", "");
    items.append(...group.methods.map((method) => row(list, method)));
    section.append(made("h3", "", group.title), items);
    return section;
  }));
  narrow(list);
  const current = /** @type {HTMLElement | null} */ (list.body.querySelector("[aria-current]"));
  if (first) current?.scrollIntoView({ block: "center" });
  rows(list).find((one) => one.dataset.name === focused)?.focus();
  return left;
}
