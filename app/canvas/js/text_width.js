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
  return app.context.measureText(`tree ${app.shape.roots.length}`).width;
}
