// The words of a step and the numbers behind its credit. Everything that comes from data goes in through textContent.

import { numberBlocks } from "../page/numbers.js";

/** @param {Component<PanelData>} component */
export default function stepPanel({ data, parentElement, setTriggerValue }) {
  /** @type {HTMLElement | null} */
  const shown = parentElement.querySelector(".panel");
  const root = shown ?? element("section", "panel");
  if (!shown) {
    root.tabIndex = -1;
    parentElement.appendChild(root);
  }
  const focused = /** @type {HTMLElement | null} */ (/** @type {ShadowRoot} */ (root.getRootNode()).activeElement);
  root.setAttribute("aria-label", data.eyebrow ? "the selected step" : "what the selected step is compared with");
  root.dataset.node = data.node;
  root.replaceChildren(...blocks(data, (id) => setTriggerValue("pick", id)));
  const trail = root.querySelector(".path");
  if (trail) trail.scrollTop = trail.scrollHeight;
  showChosen(root);
  showMore(root);
  keepFocus(root, focused, !shown);
}

// The card of the selected step, in the middle of its list.
/** @param {HTMLElement} root */
function showChosen(root) {
  /** @type {HTMLElement | null} */
  const card = root.querySelector(".card[aria-current]");
  const list = card?.parentElement;
  if (!card || !list) return;
  const [at, above] = [card, list].map((one) => one.getBoundingClientRect().top);
  list.scrollTop += at - above - (list.clientHeight - card.offsetHeight) / 2;
}

// A list that holds more than it shows fades out below, until one has scrolled to its end; `1` is for rounding.
/** @param {HTMLElement} root */
function showMore(root) {
  for (const list of /** @type {NodeListOf<HTMLElement>} */ (root.querySelectorAll(".cards, .path"))) {
    const mark = () => {
      list.toggleAttribute("data-more", list.scrollTop + list.clientHeight < list.scrollHeight - 1);
      list.toggleAttribute("data-before", list.scrollTop > 1);
    };
    list.onscroll = mark;
    new ResizeObserver(mark).observe(list);
  }
}

// What had the focus has it again: the card of the same step, else the panel; and the panel where what was pressed to get
// here is gone, which may be a moment later.
/** @param {HTMLElement} root @param {HTMLElement | null} focused @param {boolean} fresh */
function keepFocus(root, focused, fresh) {
  const take = (/** @type {HTMLElement} */ element) => element.focus({ preventScroll: true });
  if (focused) {
    take([...root.querySelectorAll("button")].find((button) => button.dataset.id === focused.dataset.id) ?? root);
  } else if (fresh && globalThis.treecoreSelectedNone) {
    onceLost(() => take(root));
  }
}

const MOMENT_MS = 3000;

// Acts when nothing has the focus: now, or once what has it leaves the page.
/** @param {() => void} act */
function onceLost(act) {
  const from = document.activeElement;
  if (from === document.body) {
    act();
    return;
  }
  const watch = new MutationObserver(() => {
    if (from?.isConnected) return;
    watch.disconnect();
    if (document.activeElement === document.body) act();
  });
  watch.observe(document.body, { childList: true, subtree: true });
  setTimeout(() => watch.disconnect(), MOMENT_MS);
}

/** @template {keyof HTMLElementTagNameMap} T @param {T} tag @param {string} [className] @param {string} [text] */
function element(tag, className, text) {
  const made = document.createElement(tag);
  if (className) made.className = className;
  if (text !== undefined) made.textContent = text;
  return made;
}

/** @param {PanelData} data @param {(id: string) => void} pick */
function blocks(data, pick) {
  const made = [];
  if (data.eyebrow) made.push(element("div", "eyebrow", `${data.eyebrow} · id ${data.id}`));
  if (data.path.length) made.push(path(data.path, pick));
  if (data.title) made.push(written("div", "title", data.title));
  for (const part of data.parts) made.push(tagged(part.kind, part.text, data.names[part.kind]));
  if (data.decides) made.push(element("div", "decides", data.decides));
  if (data.siblings.length) {
    made.push(element("h5", "", data.heading), list(data.siblings, data.names, pick));
    if (data.verdict) made.push(element("div", "verdict", data.verdict));
  }
  made.push(...numberBlocks(data.numbers));
  return made;
}

const CODE = /```|^(\t| {2,})\S/m;

// Text of others, from the right where its script is.
/** @param {keyof HTMLElementTagNameMap} tag @param {string} className @param {string} [text] */
function written(tag, className, text) {
  const made = element(tag, className, text);
  made.dir = "auto";
  return made;
}

/** @param {string} kind @param {string} text */
function partClass(kind, text) {
  return kind === "call" || kind === "answered" || CODE.test(text) ? "mono part" : "part";
}

/** @param {string} kind @param {string} name @param {HTMLElement} body */
function named(kind, name, body) {
  const row = element("div", "tagged");
  row.dataset.kind = kind;
  row.append(element("span", "tag", name), body);
  return row;
}

/** @param {string} kind @param {string} text @param {string} name */
function tagged(kind, text, name) {
  const body = written("div", partClass(kind, text), text);
  body.tabIndex = 0;
  body.setAttribute("role", "group");
  body.setAttribute("aria-label", name);
  return named(kind, name, body);
}

/** @param {Card[]} steps @param {(id: string) => void} pick */
function path(steps, pick) {
  const row = element("ol", "path");
  row.setAttribute("aria-label", "path that led here");
  for (const step of steps) {
    const item = element("li");
    const button = written("button", "crumb", step.label.map((piece) => piece.text).join(""));
    button.title = button.textContent;
    button.dataset.id = step.id;
    button.onclick = () => pick(step.id);
    item.append(button);
    if (step.note) item.append(written("span", "mono faint", "→ " + step.note));
    row.append(item);
  }
  return row;
}

// The words of a card; its parts have their names beside them where there is more than plain words.
/** @param {Card} card @param {Record<string, string>} names */
function said(card, names) {
  const box = element("div", "words");
  const bare = card.kinds.length === 1 && card.kinds[0] === "text";
  card.kinds.forEach((kind, number) => {
    const pieces = card.label.filter(({ part = 0 }) => part === number);
    if (!pieces.length) return;
    const words = written("div", partClass(kind, pieces.map(({ text }) => text).join("")));
    for (const piece of pieces) words.append(element(piece.differs ? "mark" : "span", "", piece.text));
    box.append(bare ? words : named(kind, names[kind], words));
  });
  return box;
}

/** @param {Card[]} cards @param {Record<string, string>} names @param {(id: string) => void} pick */
function list(cards, names, pick) {
  const made = element("div", "cards");
  for (const card of cards) {
    const button = element("button", "card");
    button.dataset.id = card.id;
    button.dataset.sign = card.sign === null ? "none" : String(card.sign);
    if (card.chosen) button.setAttribute("aria-current", "true");
    const left = element("div", "left");
    if (card.place) left.append(element("div", "note", card.place));
    left.append(said(card, names), element("div", "note", card.note));
    button.append(left, element("div", "number", card.number));
    button.onclick = () => pick(card.id);
    made.append(button);
  }
  return made;
}
