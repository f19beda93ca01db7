// Puts the address of what is shown on the clipboard.

import { copyText } from "./clipboard.js";

const SAID_MS = 2500;
const MEMORY = new WeakMap();

/** @param {HTMLElement} root @param {HTMLButtonElement} button @param {HTMLElement} said */
async function press(root, button, said) {
  const copied = await copyText(root, location.href);
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
