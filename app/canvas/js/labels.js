// The words of steps on the tree: as many as their stretch of line holds, those that tell siblings apart first.

const LINE = 13;
const MOST_LINES = 4;
const LEAF_ROOM = 168;
const LONG_WORD = 24;

function widthOf(app, font, text) {
  const { context, widths } = app;
  const key = `${font}|${text}`;
  if (!widths.has(key)) {
    if (widths.size > 20000) widths.clear();
    context.font = font;
    widths.set(key, context.measureText(text).width);
  }
  return widths.get(key);
}

// Text that must not be told apart from another: cut between characters, nothing where not even a few fit.
function fitText(app, font, text, room) {
  if (room <= 0 || !text) return "";
  if (widthOf(app, font, text) <= room) return text;
  const all = characters(text);
  let keep = Math.floor((all.length * room) / widthOf(app, font, text));
  while (keep > 0 && widthOf(app, font, all.slice(0, keep).join("").trimEnd() + DOTS) > room) keep--;
  return keep >= 3 ? all.slice(0, keep).join("").trimEnd() + DOTS : "";
}

function plainOf(runs) {
  return runs.map(([text]) => text).join("").trimEnd();
}

// Runs broken into at most `most` lines, each no wider than `room`; null where they do not fit.
function breakLines(app, font, runs, room, most) {
  const lines = [[]];
  for (const run of runs) {
    const longer = [...lines.at(-1), run];
    if (widthOf(app, font, plainOf(longer)) <= room) lines[lines.length - 1] = longer;
    else if (lines.length < most && lines.at(-1).length && widthOf(app, font, plainOf([run])) <= room) lines.push([run]);
    else return null;
  }
  return lines;
}

// A single word, such as an address, that no line holds.
function cutWord(app, font, telling, room) {
  const word = telling.words[telling.leaves];
  if (word.trim().length <= LONG_WORD) return null;
  const text = fitText(app, font, word.trim(), room);
  return text ? [[[text, true]]] : null;
}

// Lines of runs [text, differs] for a step; null where it has no room. `taken` holds what its siblings are called.
function sayStep(app, i, font, room, most, taken) {
  const label = app.scene.label[i];
  if (!label || room <= 0) return null;
  const repeat = repeatOf(app, i);
  const ways = repeat ? waysToRepeat(repeat) : waysToSay(tellingOf(app, i));
  for (const way of ways) {
    const lines = breakLines(app, font, way, room, most);
    if (lines && !taken.has(plainOf(way))) return lines;
  }
  const cut = repeat ? null : cutWord(app, font, tellingOf(app, i), room);
  return cut && !taken.has(plainOf(cut[0])) ? cut : null;
}

function haloText(app, text, x, y, colour) {
  const { context, theme } = app;
  context.lineJoin = "round";
  context.lineWidth = 3.5;
  context.strokeStyle = theme.background;
  context.strokeText(text, x, y);
  context.fillStyle = colour;
  context.fillText(text, x, y);
}

// One line, words that differ in ink and shared ones muted. A line of a right-to-left script has one colour, because its
// words do not stand in the order in which they are read.
function drawLine(app, font, runs, x, y, { left, marked }) {
  const { context, theme } = app;
  const text = plainOf(runs);
  const width = widthOf(app, font, text);
  const start = left ? x : x - width;
  const mixed = !marked && directionOf(text) === "ltr" && runs.some(([, differs]) => differs !== runs[0][1]);
  context.direction = directionOf(text);
  context.textAlign = "left";
  context.font = font;
  if (!mixed) haloText(app, text, start, y, marked || runs[0][1] ? theme.ink : theme.muted);
  else {
    context.lineJoin = "round";
    context.lineWidth = 3.5;
    context.strokeStyle = theme.background;
    context.strokeText(text, start, y);
    let at = start;
    for (const [word, differs] of runs) {
      context.fillStyle = differs ? theme.ink : theme.muted;
      context.fillText(word, at, y);
      at += widthOf(app, font, word);
      context.font = font;
    }
  }
  context.direction = "inherit";
  return width;
}

function fonts(app) {
  const room = columnWidth(app);
  const size = room < 132 ? 10.5 : room < 175 ? 11 : 12.5;
  return { label: `${size}px ${app.theme.sans}`, observed: `${size - 1}px ${app.theme.mono}` };
}

// How far the drawing of a node reaches from its middle along its line; a badge above it reaches further.
function reachOf(app, i) {
  const badge = app.scene.stage.badges[i];
  const own = nodeRadius(app) + (isFork(app, i) ? 9 : 5) + (i === app.selected ? 7 : 0);
  return badge && nodeRadius(app) >= 4 ? Math.max(own, badgeWidth(app, badge) / 2 + 4) : own;
}

function drawLabels(app, nodes) {
  const font = fonts(app);
  const taken = new Map();
  app.context.textBaseline = "alphabetic";
  for (const i of nodes) {
    if (app.scene.parent[i] < 0) continue;
    const family = familyOf(app, i)[0];
    if (!taken.has(family)) taken.set(family, new Set());
    app.context.globalAlpha = app.alpha[i] * (isFaded(app, i) ? 0.5 : 1);
    drawLabel(app, i, font, taken.get(family));
  }
  app.context.globalAlpha = 1;
}

// Lines that fit above a step: its own row, and the rows of its subtree that lie higher.
function linesAbove(app, i, from) {
  const above = Math.min((app.row[i] - app.top[i] + 0.62) * app.view.ky, PAD.top + app.row[i] * app.view.ky);
  return Math.max(0, Math.min(MOST_LINES, Math.floor((above - from) / LINE)));
}

// Where words above a node end: over it, or beyond it as far as none of its children stands.
function edgeAbove(app, i) {
  const x = screenX(app, i);
  if (app.row[i] - app.top[i] <= 0.4) return x + nodeRadius(app);
  return app.shape.children[i].reduce((edge, child) => Math.min(edge, screenX(app, child) - 14), x + 24);
}

// Where words can stand, best first: right of a leaf on an axis in tokens; left of the node along its line; above a node
// whose subtree spreads. `base` is how far the lowest line is from the node's own.
function placesOf(app, i) {
  const above = app.scene.parent[i];
  const [x, from] = [screenX(app, i), screenX(app, above)];
  const drop = app.ay[i] - app.ay[above];
  const end = x - reachOf(app, i);
  const span = end - from - reachOf(app, above);
  const lift = 5 + edgeWidth(app, i) / 2;
  const bend = bendOf(x - from) * (Math.abs(drop) > 0.01 ? 0.2 : 0);
  const along = { x: end, room: span - (drop > 0 ? bend : 0), below: span - (drop < 0 ? 2 * bend : 0), base: -lift };
  const places = [{ ...along, most: Math.max(1, linesAbove(app, i, lift)) }];
  const leaf = !app.shape.children[i].length;
  if (app.scene.axis.kind === "tokens" && leaf) {
    const start = x + reachOf(app, i) + (app.scene.share[i] > 0 && app.scene.share[i] < 1 ? 6 : 0);
    const room = Math.min(LEAF_ROOM, app.width - app.side - start - 4);
    places.unshift({ x: start, room, below: room, base: app.scene.observation[i] ? -3 : 4, most: 1, left: true });
  }
  const clear = nodeRadius(app) + (isFork(app, i) ? 9 : 5) + (app.scene.stage.badges[i] ? 16 : 0);
  const most = linesAbove(app, i, clear);
  if (!leaf && most) places.push({ x: edgeAbove(app, i), room: edgeAbove(app, i) - from - 24, below: 0, base: -clear, most });
  return places;
}

function drawLabel(app, i, font, taken) {
  const { scene } = app;
  let place;
  let lines;
  for (place of placesOf(app, i)) if ((lines = sayStep(app, i, font.label, place.room, place.most, taken))) break;
  if (!lines) return;
  const said = plainOf(lines.flat());
  taken.add(said);
  app.written.set(i, said);
  const y = screenY(app, i);
  const marked = app.pathSet.has(i) || app.highlight.has(i);
  lines.reverse().forEach((line, k) => drawLine(app, font.label, line, place.x, y + place.base - LINE * k, { ...place, marked }));
  if (app.view.ky < 31 || !scene.observation[i]) return;
  const seen = fitText(app, font.observed, `→ ${scene.observation[i]}`, place.below);
  const under = place.left ? place.base + LINE : LINE + edgeWidth(app, i) / 2;
  if (seen) drawLine(app, font.observed, [[seen, false]], place.x, y + under, { ...place, marked: false });
}

// Where labels had to go: the words of the path and of what the pointer is on, as far as they do not collide.
function drawCrowdedLabels(app) {
  const { context, scene, theme } = app;
  const taken = [];
  const font = fonts(app).label;
  const focus = app.hover >= 0 ? [app.hover, ...app.path] : app.path;
  for (const i of focus) {
    const at = screenY(app, i);
    if (!app.shown[i] || scene.parent[i] < 0 || app.written.has(i) || at < HEAD || at > app.height) continue;
    const text = fitText(app, font, scene.label[i], 240);
    if (!text) continue;
    const width = widthOf(app, font, text) + 12;
    const x = Math.max(4, Math.min(screenX(app, i) - width - 8, app.width - app.side - width));
    const y = Math.max(HEAD + 12, screenY(app, i) - nodeRadius(app) - (isFork(app, i) ? 17 : 13));
    if (taken.some((box) => Math.abs(box.y - y) < 20 && x < box.x + box.width && box.x < x + width)) continue;
    taken.push({ x, y, width });
    context.beginPath();
    context.roundRect(x, y - 9, width, 18, 6);
    context.fillStyle = theme.panel;
    context.fill();
    context.lineWidth = 1;
    context.strokeStyle = theme.hairline;
    context.stroke();
    context.textBaseline = "middle";
    context.direction = directionOf(text);
    context.textAlign = "left";
    context.font = font;
    context.fillStyle = theme.ink;
    context.fillText(text, x + 6, y + 0.5);
    context.direction = "inherit";
  }
}
