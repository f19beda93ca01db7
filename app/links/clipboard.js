// Puts text on the clipboard, also on pages that came without encryption.

// The older way, for pages that a browser does not trust with its clipboard.
/** @param {HTMLElement} root @param {string} text */
function copySelected(root, text) {
  const area = document.createElement("textarea");
  area.value = text;
  area.setAttribute("aria-hidden", "true");
  root.append(area);
  area.select();
  const copied = document.execCommand("copy");
  area.remove();
  return copied;
}

// Whether it was copied. Text that comes later is waited for; browsers ask that the clipboard is opened at the click.
/** @param {HTMLElement} root @param {string | Promise<string>} text */
export async function copyText(root, text) {
  const clipboard = /** @type {Clipboard | undefined} */ (navigator.clipboard);
  const later = Promise.resolve(text);
  try {
    if (!clipboard) return copySelected(root, await later);
    if (typeof text === "string") await clipboard.writeText(text);
    else await clipboard.write([new ClipboardItem({ "text/plain": later.then((said) => new Blob([said], { type: "text/plain" })) })]);
    return true;
  } catch {
    return copySelected(root, await later);
  }
}
