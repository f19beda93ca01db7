// Histograms: grey is all, accent what is left; a click on a bar asks for it, a second click takes that back.

import { html, plain } from "./dom.js";

/** @param {BrowseBars} bars @param {Record<string, string>} only @param {(range: string) => void} ask */
export function barsOf(bars, only, ask) {
  const box = html("section", "histogram");
  const mine = only[bars.name];
  box.append(html("h3", mine ? "on" : "", bars.title));
  if (!bars.edges.length) {
    box.append(html("p", "muted", "not recorded"));
    return box;
  }
  const [low, high] = mine ? mine.split("~").map(Number) : [NaN, NaN];
  const top = Math.max(...bars.all, 1);
  const row = html("div", "bars");
  bars.all.forEach((count, number) => {
    const [from, to] = [bars.edges[number], upper(bars.edges, number)];
    const range = `${from}~${to}`;
    const bar = html("button", "bar");
    const inside = from >= low - 1e-9 && to <= high + 1e-9;
    bar.setAttribute("aria-pressed", String(inside));
    bar.setAttribute("aria-label", `${bars.title} ${plain(from)} to ${plain(bars.edges[number + 1])}: ${count} forests, ${bars.left[number]} left`);
    bar.title = `${plain(from)} to ${plain(bars.edges[number + 1])}: ${count}, ${bars.left[number]} left`;
    for (const [kind, height] of /** @type {[string, number][]} */ ([["all", count], ["left", bars.left[number]]])) {
      const part = html("span", kind);
      part.style.height = `${height ? Math.max(2, (44 * height) / top) : 0}px`;
      bar.append(part);
    }
    bar.onclick = (event) => {
      if (event.shiftKey && mine) ask(`${Math.min(low, from)}~${Math.max(high, to)}`);
      else ask(inside ? "" : range);
    };
    row.append(bar);
  });
  const scale = html("div", "scale");
  const ends = [bars.edges[0], bars.edges[Math.floor(bars.edges.length / 2)], bars.edges[bars.edges.length - 1]];
  for (const edge of new Set(ends)) scale.append(html("span", "", plain(edge)));
  box.append(row, scale);
  return box;
}

// A bar holds its lower edge and not its upper, but for the last.
/** @param {number[]} edges @param {number} number */
function upper(edges, number) {
  const [from, to] = [edges[number], edges[number + 1]];
  return number + 2 === edges.length ? to : to - (to - from) * 1e-6;
}
