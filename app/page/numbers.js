// Beneath the words of a step: how its number comes about, and how far to trust it.

import { drawn, made } from "./elements.js";

/** @param {PanelData["numbers"]} found */
export function numberBlocks(found) {
  const blocks = [];
  if (found.credit || found.silence || found.equations.length) blocks.push(made("h5", "", "How the number comes about"));
  if (found.credit) {
    const line = made("div", "credit", "credit ");
    line.append(made("b", "", found.credit));
    blocks.push(line);
  }
  if (found.silence) blocks.push(made("div", "noted", found.silence));
  if (found.about) blocks.push(made("div", "small", found.about));
  for (const rows of found.equations) blocks.push(equation(rows));
  if (found.claim) blocks.push(made("div", found.disputed ? "noted disputed" : "noted", found.claim));
  if (found.trust.length) blocks.push(made("h5", "", "How far to trust it"));
  found.trust.forEach((sentence, k) => {
    const line = made("div", "said", sentence);
    if (k === 0 && found.hint) line.append(" ", hint(found.hint));
    blocks.push(line);
  });
  if (found.source) blocks.push(made("div", "small", found.source));
  return blocks;
}

// What is said on request.
/** @param {string} text */
function hint(text) {
  const box = made("details", "hint"), mark = made("summary", "", "?");
  mark.setAttribute("aria-label", "What this means");
  mark.title = text;
  box.append(mark, made("div", "small", text));
  return box;
}

/** @param {Mark[]} rows */
export function equation(rows) {
  const box = made("div", "equation");
  box.tabIndex = 0;
  box.setAttribute("role", "group");
  box.setAttribute("aria-label", "equation");
  for (const row of rows) {
    const line = made("div", "line");
    line.append(drawn(row));
    box.append(line);
  }
  return box;
}
