// Beneath the words of a step: how its number comes about, and how far to trust it.

import { drawn, made } from "./elements.js";

/** @param {HTMLElement} root @param {Inspection} told */
export function showNumbers(root, told) {
  const blocks = [];
  if (told.credit) {
    blocks.push(made("h5", "", "How the number comes about"));
    const line = made("div", "credit", "credit ");
    line.append(made("b", "", told.credit));
    blocks.push(line);
  }
  if (told.silence) blocks.push(made("div", "noted", told.silence));
  if (told.about) blocks.push(made("div", "faint", told.about));
  for (const rows of told.equations) blocks.push(equation(rows));
  if (told.claim) blocks.push(made("div", "noted", told.claim));
  if (told.trust.length) blocks.push(made("h5", "", "How far to trust it"));
  for (const sentence of told.trust) blocks.push(made("div", "said", sentence));
  if (told.source) blocks.push(made("div", "faint", told.source));
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
