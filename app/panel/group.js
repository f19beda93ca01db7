// What is said of steps that the trees draw as one: everything comes from the canvas, and nothing is asked of the server.

import { html } from "../browse/dom.js";
import { onceGone } from "../signals/focus.js";

const CARDS = new WeakMap();

/** @param {GroupLine} line @param {string} name */
function lineCard(line, name) {
  const card = html("div", name), left = html("div", "left"), words = html("div", "words", line.label);
  words.dir = "auto";
  left.append(words, html("div", "note", [line.ends, line.split].filter(Boolean).join(" · ")));
  card.append(left, html("div", "number", line.mean));
  return card;
}

/** @param {GroupFacts} facts */
function spreadOf({ bins, scale, title }) {
  const most = Math.max(1, ...bins.map(({ count }) => count)), box = html("div", "spread"), bars = html("div", "bars"), ends = html("div", "ends");
  for (const { count, colour } of bins) {
    const bar = html("i");
    bar.style.height = count ? `${Math.max(4, (100 * count) / most)}%` : "0";
    bar.style.background = colour;
    bars.append(bar);
  }
  ends.append(...scale.map((one) => html("span", "", one)));
  bars.setAttribute("role", "img");
  bars.setAttribute("aria-label", `Spread of the ${title} of its ends, from ${scale.join(" to ")}: ${bins.map(({ count }) => count).join(", ")}`);
  box.append(html("div", "note", `${title} of its ends`), bars, ends);
  return box;
}

/** @param {GroupFacts} facts */
function partsOf(facts) {
  const made = [html("div", "note", [facts.steps, facts.ends].filter(Boolean).join(" · ")), html("div", "title", facts.label)];
  made[1].dir = "auto";
  if (facts.share !== null) {
    const split = html("div", "split"), right = html("i");
    right.style.width = `${100 * facts.share}%`;
    split.append(right);
    split.setAttribute("role", "img");
    split.setAttribute("aria-label", facts.split);
    made.push(html("div", "facts", `${facts.split} · ${facts.wrong}`), split);
  }
  if (facts.mean) made.push(html("div", "facts", `mean ${facts.title} ${facts.mean}`));
  if (facts.bins.length) made.push(spreadOf(facts));
  if (facts.ways.length) {
    made.push(html("h5", "", facts.rest ? "What it holds" : "Ways on"), ...facts.ways.map((line) => lineCard(line, "way")));
    if (facts.more) made.push(html("div", "note", `and ${facts.more.toLocaleString("en-US")} more`));
  }
  const acts = html("div", "acts");
  const button = html("button", "turn", facts.opens ? "Open ↵" : "Fold ↵");
  button.onclick = () => document.dispatchEvent(new CustomEvent("treecore-fold"));
  acts.append(button);
  made.push(acts);
  if (!facts.rest) made.push(html("h5", "", "One of these steps"));
  return made;
}

/** @param {HTMLElement} root */
function showGroup(root) {
  const facts = globalThis.treecoreGroup;
  root.hidden = !facts;
  root.replaceChildren(...(facts ? partsOf(facts) : []));
  document.documentElement.toggleAttribute("data-rest", Boolean(facts?.rest));
}

/** @param {Component<null>} component */
export default function group({ parentElement }) {
  let card = CARDS.get(parentElement);
  if (!card) {
    card = { root: html("section", "group"), abort: new AbortController() };
    card.root.setAttribute("aria-label", "steps that are drawn as one");
    parentElement.append(card.root);
    CARDS.set(parentElement, card);
    document.addEventListener("treecore-group", () => showGroup(card.root), { signal: card.abort.signal });
    showGroup(card.root);
  }
  return onceGone(parentElement, () => {
    card.abort.abort();
    document.documentElement.removeAttribute("data-rest");
  });
}
