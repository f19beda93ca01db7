// Words in lines: how wide each way to say something is, measured once, and how it breaks where there is less room.

import { characters, DOTS } from "./telling.js";
import { widthOf } from "./text_width.js";

// A way to say a label with the width of each word, with the blank after it and without. `widths` is what the words were
// measured against.
/** @type {WeakMap<Run[], Measured>} */
const MEASURED = new WeakMap();

/** @param {Run[]} runs */
export function plainOf(runs) {
  return runs.map(([text]) => text).join("").trimEnd();
}

/** @param {App} app @param {string} font @param {Run[]} runs @returns {Measured} */
export function measuredOf(app, font, runs) {
  const kept = MEASURED.get(runs);
  if (kept?.widths === app.widths && kept.font === font) return kept;
  const whole = runs.map(([text]) => widthOf(app, font, text));
  const bare = runs.map(([text]) => widthOf(app, font, text.trimEnd()));
  const width = whole.slice(0, -1).reduce((sum, one) => sum + one, bare[bare.length - 1] ?? 0);
  const made = { font, widths: app.widths, said: plainOf(runs), runs, whole, bare, width };
  MEASURED.set(runs, made);
  return made;
}

// The words broken into at most `most` lines, each no wider than `room`: where each line begins, and how wide the widest is;
// null where they do not fit.
/** @param {Measured} measured @param {number} room @param {number} most */
export function breakLines({ width, whole, bare }, room, most) {
  if (width > room * most) return null;
  const starts = [0];
  let [before, widest] = [0, 0];
  for (let k = 0; k < whole.length; k++) {
    if (before + bare[k] > room) {
      if (starts.length === most || k === starts[starts.length - 1] || bare[k] > room) return null;
      starts.push(k);
      before = 0;
    }
    widest = Math.max(widest, before + bare[k]);
    before += whole[k];
  }
  return { starts, widest };
}

// Text whose difference from another need not show: cut between characters, nothing where not even `least` fit.
/** @param {App} app @param {string} font @param {string} text @param {number} room @param {number} [least] */
export function fitText(app, font, text, room, least = 3) {
  if (room <= 0 || !text) return "";
  if (widthOf(app, font, text) <= room) return text;
  const all = characters(text);
  let keep = Math.floor((all.length * room) / widthOf(app, font, text));
  while (keep > 0 && widthOf(app, font, all.slice(0, keep).join("").trimEnd() + DOTS) > room) keep--;
  return keep >= least ? all.slice(0, keep).join("").trimEnd() + DOTS : "";
}
