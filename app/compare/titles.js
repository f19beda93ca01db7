// Titles of methods in narrow columns: long words may break, with a hyphen, and nothing is cut.

const LONG = /(\w{5})(?=\w{5})/g;

/** @param {string} title */
export function breakable(title) {
  return title.replace(LONG, "$1\u00AD");
}
