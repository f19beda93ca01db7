// What tells a step from its siblings: which words differ, and the ways to say it in ever less room. Measures nothing.

const GRAPHEMES = new Intl.Segmenter(undefined, { granularity: "grapheme" });
const WORDS = new Intl.Segmenter(undefined, { granularity: "word" });
const UNSPACED = /[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]/;
const RIGHT_TO_LEFT = /^[^\p{L}]*[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufeff]/u;
const MAX_WORDS = 60;
export const DOTS = "…";

// What is seen as one character each; joined emoji and letters with their marks stay whole.
/** @param {string} text */
export function characters(text) {
  return /^[\x20-\x7e]*$/.test(text) ? [...text] : Array.from(GRAPHEMES.segment(text), (one) => one.segment);
}

/** @param {string} text */
export function directionOf(text) {
  return RIGHT_TO_LEFT.test(text) ? "rtl" : "ltr";
}

// Words with the blank after each, so that joined they are the text; scripts without blanks are cut by their own rules.
/** @param {string} text */
function splitWords(text) {
  if (!UNSPACED.test(text)) return text.split(/(?<=\s)(?=\S)/);
  return Array.from(WORDS.segment(text), (one) => one.segment);
}

// First steps of all trees of a prompt are read as siblings too, though each tree counts its own.
/** @param {App} app @param {number} i */
function familyOf(app, i) {
  const { parent, label } = app.scene;
  const { children, roots } = app.shape;
  const above = parent[i];
  if (above < 0) return [i];
  return parent[above] < 0 && !label[above] ? roots.flatMap((root) => children[root]) : children[above];
}

/** @param {string[]} common @param {string[]} words */
function stillCommon(common, words) {
  let at = 0;
  for (const word of words) if (word === common[at]) at++;
  return at === common.length;
}

/** @param {string[]} one @param {string[]} other */
function commonWords(one, other) {
  if (stillCommon(one, other)) return one;
  const rows = Array.from({ length: one.length + 1 }, () => new Uint16Array(other.length + 1));
  for (let a = one.length - 1; a >= 0; a--) {
    for (let b = other.length - 1; b >= 0; b--) {
      rows[a][b] = one[a] === other[b] ? rows[a + 1][b + 1] + 1 : Math.max(rows[a + 1][b], rows[a][b + 1]);
    }
  }
  const common = [];
  for (let a = 0, b = 0; a < one.length && b < other.length;) {
    if (one[a] === other[b] && rows[a][b] === rows[a + 1][b + 1] + 1) common.push(one[(b++, a++)]);
    else if (rows[a + 1][b] >= rows[a][b + 1]) a++;
    else b++;
  }
  return common;
}

/** @param {string[]} one @param {string[]} other */
function sharedStart(one, other) {
  let k = 0;
  while (k < one.length && k < other.length && one[k] === other[k]) k++;
  return k;
}

// For one label of a family: its words, which of them differ, and where it leaves the sibling most like it.
/** @param {string[]} labels */
function tellApart(labels) {
  const trimmed = (/** @type {string[]} */ words) => words.map((word) => word.trim());
  const split = new Map([...new Set(labels)].sort().map((label) => [label, splitWords(label).slice(0, MAX_WORDS)]));
  const words = [...split.values()].map(trimmed);
  const common = words.reduce(commonWords);
  const tellings = new Map();
  [...split].forEach(([label, whole], k) => {
    let at = 0;
    const differs = words[k].map((word) => !(word === common[at] && ++at));
    const leaves = Math.max(...[k - 1, k + 1].map((other) => (words[other] ? sharedStart(words[k], words[other]) : 0)));
    tellings.set(label, { words: whole, differs, leaves: Math.min(leaves, whole.length - 1), alone: words.length < 2 });
  });
  return tellings;
}

// Labels of a forest -> what tells them apart, by family, and what is said of each step. Labels of a forest that grows may
// change while its steps do not.
/** @type {WeakMap<string[], Told>} */
const TOLD = new WeakMap();

/** @param {App} app */
function toldOf({ scene: { label } }) {
  const told = TOLD.get(label) ?? { families: new Map(), telling: new Map(), repeat: new Map() };
  TOLD.set(label, told);
  return told;
}

/** @param {App} app @param {number} i */
export function tellingOf(app, i) {
  const { label } = app.scene;
  const { families, telling } = toldOf(app);
  const known = telling.get(i);
  if (known) return known;
  const family = familyOf(app, i);
  const key = `${family.length} from ${family[0]}`;
  const tellings = families.get(key) ?? tellApart(family.map((k) => label[k]));
  families.set(key, tellings);
  const found = /** @type {Telling} */ (tellings.get(label[i]));
  telling.set(i, found);
  return found;
}

// That a step reads as a sibling before it that has its words: which of so many it is, and what is the same; else null.
/** @param {App} app @param {number} i */
export function repeatOf(app, i) {
  const { repeat } = toldOf(app);
  if (!repeat.has(i)) repeat.set(i, findRepeat(app, i));
  return /** @type {Repeat | null} */ (repeat.get(i));
}

/** @param {App} app @param {number} i */
function findRepeat(app, i) {
  const { parent, label, text } = app.scene;
  if (parent[i] < 0) return null;
  const same = app.shape.children[parent[i]].filter((k) => label[k] === label[i]);
  const place = same.indexOf(i);
  if (place < 1) return null;
  const what = text[i] === text[same[0]] ? "words" : label[i].startsWith("answer ") ? "answer" : "phrase";
  return { what, place: `${place + 1} of ${same.length}` };
}

/** @type {WeakMap<Telling | Repeat, Run[][]>} */
const SAID = new WeakMap();

// All ways to say something, found once: while trees are scrolled, every frame asks again.
/** @template {Telling | Repeat} T @param {T} what @param {(what: T) => Run[][]} find */
function saidOnce(what, find) {
  let ways = SAID.get(what);
  if (!ways) SAID.set(what, (ways = find(what)));
  return ways;
}

/** @param {Repeat} repeat */
export function waysToRepeat(repeat) {
  return saidOnce(repeat, ({ what, place }) => {
    const ways = [`same ${what}, ${place}`, `same, ${place}`];
    return ways.map((way) => splitWords(way).map((word) => /** @type {Run} */ ([word, false])));
  });
}

/** @param {string[]} words @param {boolean[]} differs @param {number} from @param {number} [to] @returns {Run[]} */
function tagged(words, differs, from, to = words.length) {
  return words.slice(from, to).map((word, k) => [word, differs[from + k]]);
}

// Dots never stand alone: they stay with the word before them, or the one after where there is none.
/** @param {Run[]} runs @returns {Run[]} */
function dotsAfter(runs) {
  const [word, differs] = runs[runs.length - 1];
  return [...runs.slice(0, -1), [`${word.trimEnd()} ${DOTS} `, differs]];
}

/** @param {Run[]} p @returns {Run[]} */
function dotsBefore([[word, differs], ...rest]) {
  return [[`${DOTS} ${word}`, differs], ...rest];
}

// Runs [text, differs]: the words that all siblings share give way to dots.
/** @param {Telling} p */
function withoutShared({ words, differs }) {
  /** @type {Run[]} */
  let runs = [];
  words.forEach((word, k) => {
    if (differs[k]) runs.push([k > 0 && !runs.length ? `${DOTS} ${word}` : word, true]);
    else if (runs.length && !runs[runs.length - 1][0].trimEnd().endsWith(DOTS)) runs = dotsAfter(runs);
  });
  return runs;
}

// All ways to say a label, longest first, as lists of [word, differs]. None is cut inside a word.
/** @param {Telling} telling */
export function waysToSay(telling) {
  return saidOnce(telling, allWays);
}

/** @param {Telling} telling */
function allWays(telling) {
  const { words, differs, leaves, alone } = telling;
  const all = tagged(words, differs, 0);
  const ways = [all];
  if (alone) {
    for (let k = 1; k < words.length; k++) ways.push(dotsBefore(all.slice(k)));
    return [...ways, all.slice(-1)];
  }
  if (differs.some(Boolean) && !differs.every(Boolean)) ways.push(withoutShared(telling));
  const before = leaves > 0 ? dotsBefore : (/** @type {Run[]} */ runs) => runs;
  if (leaves > 0) ways.push(before(all.slice(leaves)));
  for (let k = words.length - 1; k > leaves + 1; k--) {
    for (let first = Math.min(k, leaves + 3); first > leaves; first--) {
      ways.push([...dotsAfter(before(all.slice(leaves, first))), ...all.slice(k)]);
    }
  }
  for (let k = words.length - 1; k > leaves; k--) ways.push(dotsAfter(before(all.slice(leaves, k))));
  return ways;
}
