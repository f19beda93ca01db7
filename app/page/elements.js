// Elements for a page of its own. Everything that comes from data goes in as text.

const MATH = "http://www.w3.org/1998/Math/MathML";
const DRAWN = new Set([
  "math", "mrow", "mi", "mn", "mo", "mtext", "mspace", "mfrac", "msqrt", "mroot", "msub", "msup", "msubsup", "munder",
  "mover", "munderover", "mstyle", "mpadded", "mtable", "mtr", "mtd",
]);

/** @template {keyof HTMLElementTagNameMap} T @param {T} tag @param {string} [name] @param {string} [text] */
export function made(tag, name, text) {
  const element = document.createElement(tag);
  if (name) element.className = name;
  if (text !== undefined) element.textContent = text;
  return element;
}

/** @param {string} text @param {string} name @param {() => void} press */
export function button(text, name, press) {
  const element = made("button", "press", text);
  element.type = "button";
  element.setAttribute("aria-label", name);
  element.addEventListener("click", press);
  return element;
}

// Elements that MathML knows; others are left out, what is in them is not.
/** @param {Mark} mark @returns {Node} */
export function drawn(mark) {
  if (typeof mark === "string") return document.createTextNode(mark);
  const [name, ...rest] = mark;
  const element = document.createElementNS(MATH, DRAWN.has(name) ? name : "mrow");
  for (const one of rest) {
    if (typeof one === "string" || Array.isArray(one)) element.append(drawn(one));
    else for (const [key, value] of Object.entries(one)) element.setAttribute(key, value);
  }
  return element;
}
