// One prompt at two training steps, side by side: shape, outcomes, and the answers that were given.

import { html } from "./dom.js";
import { thumb } from "./thumb.js";

const CARD_TALL = 92, CARD_ACROSS = 128;

/** @param {TwoStepsCard} card */
function cardOf(card) {
  const box = html("section", card.here ? "card here" : "card");
  const head = html("div", "head");
  head.append(html("b", "", card.step), html("span", "muted", card.right));
  box.append(head);
  if (card.parents && card.values) box.append(thumb(card.parents, card.values, CARD_TALL, CARD_ACROSS));
  else box.append(html("p", "muted", "too large for a small picture"));
  const list = html("ul");
  list.setAttribute("aria-label", `answers at ${card.step}`);
  for (const { text, times, right } of card.answers) {
    const line = html("li", right ? "right" : "");
    const words = html("span", "words", text);
    words.dir = "auto";
    words.title = text;
    line.append(words, html("span", "times", times > 1 ? `\u00d7 ${times}` : ""));
    const mark = html("span", "", right ? "\u2713" : "\u2717");
    mark.setAttribute("role", "img");
    mark.setAttribute("aria-label", right ? "right" : "wrong");
    line.append(mark);
    list.append(line);
  }
  box.append(list);
  if (card.more) box.append(html("p", "muted", card.more));
  return box;
}

/** @param {Component<{ cards: TwoStepsCard[] }>} component */
export default function twoSteps({ data, parentElement }) {
  const root = html("div", "pair-of-steps");
  root.append(...data.cards.map(cardOf));
  parentElement.querySelector(".pair-of-steps")?.remove();
  parentElement.appendChild(root);
}
