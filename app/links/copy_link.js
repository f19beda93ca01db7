// Puts the address of what is shown on the clipboard, also on pages that came without encryption.

const SAID_MS = 2500;
const MEMORY = new WeakMap();

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

/** @param {HTMLElement} root */
async function copy(root) {
  const text = location.href;
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return copySelected(root, text);
  }
}

/** @param {HTMLElement} root @param {HTMLButtonElement} button @param {HTMLElement} said */
async function press(root, button, said) {
  const copied = await copy(root);
  said.textContent = copied ? "Copied" : "Copy it from the address bar";
  button.dataset.said = copied ? "copied" : "refused";
  clearTimeout(MEMORY.get(root));
  MEMORY.set(root, setTimeout(() => {
    said.textContent = "";
    delete button.dataset.said;
  }, SAID_MS));
  button.focus();
}

/** @param {Component<null>} component */
export default function copyLink({ parentElement }) {
  if (parentElement.querySelector(".copy")) return;
  const root = document.createElement("div");
  root.className = "copy";
  const button = document.createElement("button");
  button.type = "button";
  button.title = "Copy the address of exactly this view";
  const words = document.createElement("span");
  words.textContent = "Copy link";
  const said = document.createElement("span");
  said.className = "said";
  said.setAttribute("aria-live", "polite");
  button.append(words);
  button.addEventListener("click", () => press(root, button, said));
  root.append(button, said);
  parentElement.append(root);
}
