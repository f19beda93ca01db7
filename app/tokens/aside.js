// The token that is looked at: its numbers, and what the model nearly said there. Drawn ones are solid, others hollow.

import { html } from "../browse/dom.js";

const NUMBERS = /** @type {const} */ (["probability", "surprise", "entropy", "confidence", "weight"]);
const HOW = "Only what was drawn is known here. To see what else the model thought of, sample with treecore rollout --record top_tokens=5.";

/** @param {TokensData} data @param {TokenItem} item @param {(end: string) => void} read */
export function asideOf(data, item, read) {
  const head = html("div", "heading"), title = html("h2", "", `\u201c${item.text.trim() || "\u23ce"}\u201d`);
  title.dir = "auto";
  head.append(title, html("span", "muted", `${data.unit} ${item.at + 1} of ${data.total}`));
  const numbers = html("dl", "numbers");
  for (const name of NUMBERS) {
    const pair = html("div", ""), value = html("dd", "", item.words[name]);
    if (name === "weight" && data.signed && item.weight) value.className = item.weight > 0 ? "up" : "down";
    pair.append(html("dt", "", name), value);
    numbers.append(pair);
  }
  const nearly = html("h3", "", item.context ? `What it nearly said after \u201c\u2026 ${item.context}\u201d` : "What it nearly said first");
  const made = [head, numbers, nearly];
  if (item.unsure) made.push(html("p", "", item.unsure));
  made.push(choicesOf(item, read));
  made.push(html("p", "muted", item.rest || HOW));
  return made;
}

/** @param {TokenItem} item @param {(end: string) => void} read */
function choicesOf({ choices }, read) {
  const list = html("div", "choices"), most = Math.max(1e-9, ...choices.map(({ share }) => share ?? 0));
  list.tabIndex = -1;
  list.setAttribute("role", "group");
  list.setAttribute("aria-label", "What could have stood here");
  for (const choice of choices) {
    const row = html(choice.end && !choice.here ? "button" : "div", "choice");
    row.classList.toggle("here", choice.here);
    row.classList.toggle("drawn", choice.drawn);
    const word = html("span", "said", choice.text.replaceAll("\n", "\u23ce") || "\u2423"), lane = html("span", "lane"), bar = html("i", "");
    word.dir = "auto";
    word.title = choice.text;
    bar.style.width = `${(100 * (choice.share ?? 0)) / most}%`;
    if (choice.share !== null) lane.append(bar);
    const mark = choice.right === null ? "" : choice.right ? "\u2713 " : "\u2715 ";
    row.append(word, html("span", "percent", choice.percent), lane, html("span", "ended", mark + choice.outcome));
    if (choice.end && !choice.here) {
      row.onclick = () => read(choice.end);
      row.title = "read this branch";
    }
    list.append(row);
  }
  return list;
}
