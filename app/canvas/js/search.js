// Words looked for in the steps: which steps have them, and the nearest word there is where none has. Draws nothing.

/** @type {WeakMap<string[], string[]>} */
const READ = new WeakMap();
/** @type {WeakMap<string[], Map<string, number>>} */
const VOCABULARY = new WeakMap();
const WORD = /[\p{L}\p{M}\p{N}]+/gu;
const MAX_KNOWN = 50000;
const MAX_LETTERS = 40;

// What can be found in each step, in lower case.
/** @param {Forest} scene */
function readable(scene) {
  let found = READ.get(scene.text);
  if (!found) {
    found = scene.text.map((text, i) => `${scene.label[i]}\n${text}\n${scene.observation[i]}`.toLowerCase());
    READ.set(scene.text, found);
  }
  return found;
}

/** @param {string} words */
export function wantedOf(words) {
  return words.trim().toLowerCase();
}

// Rows with these words in their text, label or answer, in the order in which they are drawn.
/** @param {Forest} scene @param {string} words */
export function hitsOf(scene, words) {
  const wanted = wantedOf(words);
  if (!wanted) return [];
  const texts = readable(scene);
  return scene.order.filter((i) => texts[i].includes(wanted));
}

// Word -> how often it occurs.
/** @param {Forest} scene */
function vocabularyOf(scene) {
  let found = VOCABULARY.get(scene.text);
  if (!found) {
    found = new Map();
    for (const text of readable(scene)) {
      for (const word of text.match(WORD) ?? []) {
        if (found.size < MAX_KNOWN || found.has(word)) found.set(word, (found.get(word) ?? 0) + 1);
      }
    }
    VOCABULARY.set(scene.text, found);
  }
  return found;
}

// Letters to put in, take out or change to make one word of the other; Infinity from `most` on.
/** @param {string} one @param {string} other @param {number} most */
export function distance(one, other, most) {
  if (Math.abs(one.length - other.length) >= most) return Infinity;
  let row = Array.from({ length: other.length + 1 }, (_, k) => k);
  for (let a = 1; a <= one.length; a++) {
    const next = [a];
    for (let b = 1; b <= other.length; b++) {
      const change = row[b - 1] + (one[a - 1] === other[b - 1] ? 0 : 1);
      next.push(Math.min(change, row[b] + 1, next[b - 1] + 1));
    }
    row = next;
    if (Math.min(...row) >= most) return Infinity;
  }
  return row[other.length] < most ? row[other.length] : Infinity;
}

// The nearest word of the forest, of equals the one that occurs most, then the first of the alphabet; "" for none.
/** @param {Map<string, number>} vocabulary @param {string} wanted */
function nearest(vocabulary, wanted) {
  let best = "";
  let least = Infinity;
  for (const [word, count] of vocabulary) {
    const away = distance(wanted, word, least + 1);
    if (away === Infinity) continue;
    const often = vocabulary.get(best) ?? 0;
    const before = count > often || (count === often && word < best);
    if (away < least || before) [best, least] = [word, away];
  }
  return best;
}

// What to look for instead of words that no step has: each word that does not occur gives way to the nearest that does,
// and where the words do not stand together the longest of them is left. "" where the forest has no words.
/** @param {Forest} scene @param {string} words */
export function offerFor(scene, words) {
  const vocabulary = vocabularyOf(scene);
  const asked = (wantedOf(words).slice(0, 10 * MAX_LETTERS).match(WORD) ?? [wantedOf(words)]).map((word) => word.slice(0, MAX_LETTERS));
  const known = asked.map((word) => (vocabulary.has(word) ? word : nearest(vocabulary, word)));
  const together = known.join(" ");
  if (hitsOf(scene, together).length) return together;
  return known.reduce((best, word) => (word.length > best.length ? word : best), "");
}
