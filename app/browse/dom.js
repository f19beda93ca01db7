// Makes elements. Everything that comes from data goes in through textContent.

/** @template {keyof HTMLElementTagNameMap} T @param {T} tag @param {string} [className] @param {string} [text] */
export function html(tag, className, text) {
  const made = document.createElement(tag);
  if (className) made.className = className;
  if (text !== undefined) made.textContent = text;
  return made;
}

/** @param {string} tag @param {Record<string, string | number>} attributes @param {string} [text] */
export function svg(tag, attributes, text) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, String(value));
  if (text !== undefined) made.textContent = text;
  return made;
}

/** @param {BrowsePiece[]} pieces */
export function toned(pieces) {
  return pieces.map(({ text, tone }) => html(tone === "hit" ? "mark" : "span", tone, text));
}

// A share in whole percent; of some it is neither none nor all.
/** @param {number} share */
export function percent(share) {
  const rounded = Math.round(100 * share);
  if (rounded === 0 && share > 0) return "< 1 %";
  return rounded === 100 && share < 1 ? "> 99 %" : `${rounded} %`;
}

// A number as people read it: few digits, a true minus.
/** @param {number} value */
export function plain(value) {
  return String(Number(value.toPrecision(3))).replace("-", "\u2212");
}
