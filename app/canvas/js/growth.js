// Whether a scene is an earlier one grown, and where its nodes are now. Rows and ids are counted anew at every look at
// a growing forest, so steps are known by their words and their place among their siblings.

const MAX_COMPARED_DEPTH = 2000;

// The words of a step as far as they were sent, without a character that is only half written.
/** @param {string} text */
function wordsOf(text) {
  return text.replace(/(…|\uFFFD+)$/, "");
}

// The node in which the words of an old one end, -1 where they differ: it may have been cut into pieces since.
/** @param {string} text @param {App} after @param {number} j */
function lastPiece(text, after, j) {
  let rest = wordsOf(text);
  while (true) {
    const words = wordsOf(after.scene.text[j]);
    if (words.startsWith(rest)) return j;
    const shortened = words !== after.scene.text[j];
    if (!rest.startsWith(words)) return -1;
    if (shortened) return j;
    const next = after.shape.children[j][0];
    if (next === undefined) return -1;
    rest = rest.slice(words.length);
    j = next;
  }
}

/** @param {App} before @param {number} i @param {App} after @param {number} j @param {Int32Array} rows */
function findSubtree(before, i, after, j, rows) {
  const at = lastPiece(before.scene.text[i], after, j);
  if (at < 0 || !findAll(before, before.shape.children[i], after, after.shape.children[at], rows)) return false;
  rows[i] = at;
  return true;
}

/** @param {App} before @param {number[]} olds @param {App} after @param {number[]} news @param {Int32Array} rows */
function findAll(before, olds, after, news, rows) {
  let k = 0;
  return olds.every((i) => {
    while (k < news.length) if (findSubtree(before, i, after, news[k++], rows)) return true;
    return false;
  });
}

// New row of each old one; null where an old node is gone, which makes it another forest.
/** @param {App} before @param {App} after */
export function grownRows(before, after) {
  if (before.scene.forest !== after.scene.forest || before.shape.n > after.shape.n) return null;
  if (before.shape.deepest > MAX_COMPARED_DEPTH) return null;
  const rows = new Int32Array(before.shape.n);
  return findAll(before, before.shape.roots, after, after.shape.roots, rows) ? rows : null;
}
