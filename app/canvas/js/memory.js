// What a reader did to each forest: view, folds and selection, kept for when it is seen again.

const MEMORY = new Map();
const MAX_REMEMBERED = 40;

/** @param {App} app */
function memoryKey(app) {
  return `${app.key}/${app.scene.digest}`;
}

/** @param {App} app */
export function forget(app) {
  MEMORY.delete(memoryKey(app));
}

/** @param {App} app */
export function remember(app) {
  forget(app);
  MEMORY.set(memoryKey(app), {
    view: { ...app.view }, touched: app.touched, whole: app.whole,
    collapsed: new Set(app.collapsed), selected: app.selected,
  });
  if (MEMORY.size > MAX_REMEMBERED) MEMORY.delete(MEMORY.keys().next().value);
}

/** @param {App} app */
export function recall(app) {
  const kept = MEMORY.get(memoryKey(app));
  app.collapsed = new Set(kept?.collapsed);
  app.touched = kept?.touched ?? false;
  app.whole = kept?.whole ?? false;
  app.selected = kept?.selected ?? -1;
  app.hover = -1;
  app.view = { ...app.view, ...kept?.view };
  app.ax = new Float32Array();
}
