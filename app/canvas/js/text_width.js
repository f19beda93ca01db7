// How wide words are. What was measured once is known until the fonts of the page change.

/** @param {App} app @param {string} font @param {string} text */
export function widthOf(app, font, text) {
  const { context, widths } = app;
  const key = `${font}|${text}`;
  let width = widths.get(key);
  if (width === undefined) {
    if (widths.size > 20000) widths.clear();
    context.font = font;
    width = context.measureText(text).width;
    widths.set(key, width);
  }
  return width;
}

/** @param {App} app */
export function headingFont(app) {
  return `600 12px ${app.theme.sans}`;
}

/** @param {App} app */
export function headingWidth(app) {
  app.context.font = headingFont(app);
  return app.context.measureText(headingOf(app, app.shape.roots.length - 1)).width;
}

// What stands beside a root: which tree it is, or how many are drawn as one.
/** @param {App} app @param {number} number */
export function headingOf(app, number) {
  const count = app.scene.folded?.[app.shape.roots[number]].count ?? 1;
  return count > 1 ? `${count} trees` : `tree ${number + 1}`;
}
