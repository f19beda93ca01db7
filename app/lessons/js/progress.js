// What a learner has done, kept in this browser alone: bets, points and the colours of finished drawings.

const PLACE = "treecore.lessons";

/** @returns {Record<string, LessonDone>} */
export function progress() {
  try {
    const held = JSON.parse(localStorage.getItem(PLACE) ?? "{}");
    return held && typeof held === "object" && !Array.isArray(held) ? held : {};
  } catch {
    return {};
  }
}

// The first bet on a unit counts; a unit that was skipped may still be bet on.
/** @param {string} name @param {LessonDone} done */
export function keepDone(name, done) {
  const held = progress(), known = held[name];
  if (known && (known.points !== null || done.points === null)) return;
  try {
    localStorage.setItem(PLACE, JSON.stringify({ ...held, [name]: done }));
  } catch { /* a browser that stores nothing shows the course as at first */ }
}

export function startOver() {
  try {
    localStorage.removeItem(PLACE);
  } catch { /* nothing was stored */ }
}
