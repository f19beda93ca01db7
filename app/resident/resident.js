// Scripts and styles that stay in the page, by the names of their components.

// Prepares them, once a page.
/** @param {() => Record<string, ResidentPart>} make */
export function reside(make) {
  if (globalThis.treecoreResident) return;
  globalThis.treecoreResident = new Map(Object.entries(make()).map(([name, part]) => [name, styled(part)]));
  document.dispatchEvent(new CustomEvent("treecore-resident"));
}

/** @param {ResidentPart} part @returns {ResidentPart["run"]} */
function styled({ run, style }) {
  return (call) => {
    const { parentElement } = call;
    if (style && !parentElement.querySelector("style[data-resident]")) {
      const sheet = document.createElement("style");
      sheet.dataset.resident = "";
      sheet.textContent = style;
      parentElement.prepend(sheet);
    }
    return run(call);
  };
}
