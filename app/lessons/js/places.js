// Where the tree of a unit stands: rows, columns, and the room that words have between the lines of its branches.

export const FOLDED = 40;
const LINE_PX = 13.5;
// Room at the left for the names of trees, and at the right for outcomes, in pixels; less where columns would be slim.
const LEFT = 118, RIGHT = 104, SLIM_LEFT = 52, SLIM_RIGHT = 70, SLIM_COLUMN = 100, END_NODE = 14;
// The least column in which words do not break inside; in less room the picture scrolls, and then nothing is cut.
const MIN_COLUMN = 74, SCROLLED_COLUMN = 124;
// Lines of words over a branch at most.
const NARROW_WORDS = 3, WIDE_WORDS = 4, SCROLLED_WORDS = 5;
const TREE_GAP = 14, MIN_PITCH = 52, MAX_PITCH = 84;
// Where words end over the line of a step, before its node, and where what was answered begins under it.
const OVER_LINE = 4, WORDS_GAP = 12, UNDER_LINE = 5, UNDER_NODE = 10, PAST_NODE = 8, BELOW = 24;
// Pixels of a letter of words, as they are on average, and of one of what was answered.
const WORD_LETTER = 5.9, LETTER = 6.75;
// How far a branch bends, its end as a multiple of that, and what words keep from it and from the node before them.
const BEND = 20, SLIM_BEND = 15, BEND_END = 1.3, BEND_GAP = 3, NODE_GAP = 10;

/** @param {LessonUnit} page @param {number} room @param {number} height @returns {LessonPlaces} */
export function placesOf(page, room, height) {
  const { steps, trees, reveal } = page;
  const folded = trees.map(({ folds }) => folds && reveal !== null);
  const lines = steps.filter(({ leaf, tree }) => leaf && !folded[tree]).length;
  const rest = folded.filter(Boolean).length * FOLDED + (trees.length - 1) * TREE_GAP;
  const across = acrossOf(page, room), below = belowOf(page, across);
  const least = across.slim ? below + mostOver(page, across) * LINE_PX : MIN_PITCH + below - BELOW;
  const pitch = Math.max(least, Math.min(MAX_PITCH, (height - rest) / Math.max(1, lines)));
  const y = new Array(steps.length).fill(0), tops = new Array(trees.length).fill(0);
  let top = 0;
  trees.forEach((_, tree) => {
    const own = steps.map((step, at) => ({ step, at })).filter(({ step }) => step.tree === tree);
    const ends = own.filter(({ step }) => step.leaf);
    const first = Math.min(...ends.map(({ step }) => step.line));
    const over = across.slim ? pitch - below + OVER_LINE : 0.68 * pitch;
    for (const { step, at } of own) y[at] = top + (folded[tree] ? FOLDED / 2 : (step.line - first) * pitch + over);
    tops[tree] = top;
    top += (folded[tree] ? FOLDED : ends.length * pitch) + TREE_GAP;
  });
  const x = steps.map(({ level, leaf }) => across.left + (leaf ? across.deep : level) * across.column);
  return { ...across, x, y, pitch, folded, tops, below, height: top, outcomes: across.right - END_NODE };
}

/** @param {LessonUnit} page @param {number} room @returns {LessonAcross} */
function acrossOf({ steps }, room) {
  const deep = Math.max(1, ...steps.map(({ level }) => level)), wide = (room - LEFT - RIGHT) / deep;
  if (wide >= SLIM_COLUMN) return { deep, left: LEFT, right: RIGHT, column: wide, bend: BEND, width: room, slim: false, scrolls: false, most: WIDE_WORDS };
  const margins = SLIM_LEFT + SLIM_RIGHT, own = (room - margins) / deep, scrolls = own < MIN_COLUMN;
  const column = scrolls ? SCROLLED_COLUMN : own, most = scrolls ? SCROLLED_WORDS : own < SLIM_COLUMN ? NARROW_WORDS : WIDE_WORDS;
  return { deep, left: SLIM_LEFT, right: SLIM_RIGHT, column, bend: SLIM_BEND, width: scrolls ? margins + deep * column : room, slim: true, scrolls, most };
}

// What stands under the line of a step.
/** @param {LessonStep} step */
export function underOf({ answered, more }) {
  return [answered && `\u2192 ${answered}`, more].filter(Boolean).join(" \u00b7 ");
}

// Pixels that words have between the bend of a branch and where they end.
/** @param {LessonAcross} across @param {number} end */
function betweenOf({ column, bend }, end) {
  return column - BEND_END * bend - BEND_GAP - end;
}

// Where what was answered ends before a node; in little room it goes on under it, unless branches leave there.
/** @param {LessonUnit} page @param {LessonAcross} across @param {number} at */
function endUnder({ steps }, { slim }, at) {
  if (!slim || steps[at].leaf) return WORDS_GAP;
  return steps.filter(({ parent }) => parent === at).length > 1 ? OVER_LINE : -PAST_NODE;
}

// Lines of words that a row has room for at least: where the picture scrolls, as many as the longest take.
/** @param {LessonUnit} page @param {LessonAcross} across */
function mostOver({ steps }, across) {
  if (!across.scrolls) return across.most;
  const letters = Math.floor(betweenOf(across, WORDS_GAP) / WORD_LETTER);
  const taken = steps.map(({ words }) => rowsOf(words.map(({ text }) => text).join("").trim(), letters));
  return Math.min(across.most, Math.max(...taken));
}

// Pixels under the line of a row, with as many lines of what was answered as the longest takes.
/** @param {LessonUnit} page @param {LessonAcross} across */
function belowOf(page, across) {
  const taken = page.steps.map((step, at) => (step.leaf ? 1 : rowsOf(underOf(step), Math.floor(betweenOf(across, endUnder(page, across, at)) / LETTER))));
  return BELOW + (across.slim ? UNDER_NODE - UNDER_LINE : 0) + (Math.max(1, ...taken) - 1) * LINE_PX;
}

/** @param {string} text @param {number} letters */
function rowsOf(text, letters) {
  let rows = 1, held = 0;
  for (const { length } of text.split(" ")) {
    if (held && held + 1 + length > letters) [rows, held] = [rows + 1, length];
    else held += (held ? 1 : 0) + length;
  }
  return rows;
}

// Where the words of a step stand, and where what was answered does: beside the lines that lead past it to its siblings.
/** @param {LessonUnit} page @param {LessonPlaces} places @param {number} at */
export function textOf(page, places, at) {
  const { x, y, slim, below } = places, lines = linesOver(page, places, at);
  const end = x[at] - WORDS_GAP, under = slim ? UNDER_NODE : UNDER_LINE, past = x[at] - endUnder(page, places, at);
  const first = startOf(page, places, at, y[at] - OVER_LINE - lines * LINE_PX, y[at] - OVER_LINE);
  const second = startOf(page, places, at, y[at] + under, y[at] + below);
  return {
    words: { left: first, width: end - first, bottom: y[at] - OVER_LINE, lines },
    under: { left: second, width: past - second, top: y[at] + under },
  };
}

// Where text between two heights may begin: after the node before it, or after the bend of a line that crosses there.
/** @param {LessonUnit} page @param {LessonPlaces} places @param {number} at @param {number} top @param {number} bottom */
function startOf({ steps }, places, at, top, bottom) {
  const { x, y } = places, { parent } = steps[at], from = y[parent];
  const crossed = steps.some((step, other) => step.parent === parent && Math.abs(y[other] - from) > 1
    && Math.min(from, y[other]) < bottom && Math.max(from, y[other]) > top);
  return x[parent] + (crossed ? BEND_END * bendBetween(places, parent, at) + BEND_GAP : NODE_GAP);
}

/** @param {LessonPlaces} places @param {number} from @param {number} to */
function bendBetween({ x, bend }, from, to) {
  return Math.min(bend, (x[to] - x[from]) / 2);
}

// Fewer words where siblings of a node leave it less room than a row.
/** @param {LessonUnit} page @param {LessonPlaces} places @param {number} at */
function linesOver(page, { x, y, column, folded, pitch, below, most }, at) {
  const mine = y[at];
  const over = y.filter((one, other) => other !== at && one < mine - 4 && Math.abs(x[other] - x[at]) < column * 0.9 && !folded[page.steps[other].tree]);
  const free = over.length ? mine - Math.max(...over) : pitch;
  return Math.max(1, Math.min(most, Math.floor((Math.min(free, pitch) - below) / LINE_PX)));
}

// The line of a branch.
/** @param {LessonPlaces} places @param {number} from @param {number} to */
export function branchPath(places, from, to) {
  const { x, y } = places, bend = bendBetween(places, from, to), flat = Math.abs(y[to] - y[from]) < 1;
  const start = `M${x[from]} ${y[from]}`;
  return flat ? `${start}H${x[to]}` : `${start}C${x[from] + bend * 0.8} ${y[from]} ${x[from] + bend * 0.4} ${y[to]} ${x[from] + bend * BEND_END} ${y[to]}H${x[to]}`;
}
