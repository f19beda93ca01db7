// Beneath the words of a step: how its number comes about, and how far to trust it.

import { drawn, made } from "./elements.js";

/** @param {HTMLElement} root @param {Inspection} found */
export function showNumbers(root, found) {
  const blocks = [];
  if (found.credit) {
    blocks.push(made("h5", "", "How the number comes about"));
    const line = made("div", "credit", "credit ");
    line.append(made("b", "", found.credit));
    blocks.push(line);
  }
  if (found.silence) blocks.push(made("div", "noted", found.silence));
  if (found.about) blocks.push(made("div", "faint", found.about));
  for (const rows of found.equations) blocks.push(equation(rows));
  if (found.claim) blocks.push(made("div", "noted", found.claim));
  if (found.trust.length) blocks.push(made("h5", "", "How far to trust it"));
  for (const sentence of found.trust) blocks.push(made("div", "said", sentence));
  if (found.source) blocks.push(made("div", "faint", found.source));
  root.replaceChildren(...blocks);
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
